import { CliError } from '../errors.ts'
import { parseDocument } from './document.ts'
import { type Field, fields } from './fields.ts'
import { readNamedFile, warnOfReaders } from './named-file.ts'

/** A configuration file as read: its values by key, not yet checked. */
export interface ConfigFile {
  readonly path: string
  readonly entries: ReadonlyMap<string, unknown>
}

const kebab = (key: string): string => key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)

/** A file that the user named. Warns of one that holds secrets and that others may read. Throws a {@link CliError} with exit code 2. */
export async function readConfig(label: string, path: string, warnings: string[]): Promise<ConfigFile> {
  const config = await parseConfig(path, new TextDecoder().decode(await readNamedFile(label, path)))
  const secrets = (fields as readonly Field[]).filter(
    (field) => field.secret && config.entries.has(field.key),
  )
  if (secrets.length > 0) {
    const names = secrets.map(({ key }) => key).join(', ')
    await warnOfReaders(label, path, `secrets (${names})`, warnings)
  }
  return config
}

/** The values of a file, by the keys of the settings. `text` is YAML, or JSON where the path ends so. */
export async function parseConfig(path: string, text: string): Promise<ConfigFile> {
  const fail = (what: string): never => {
    throw new CliError(2, `file ${path}: ${what}`)
  }
  const known = new Map<string, Field>()
  for (const field of fields as readonly Field[]) {
    if (field.flagOnly) continue
    known.set(field.key, field)
    if (field.alias) known.set(field.alias, field)
  }
  const content = await parseDocument(path, text)
  const entries = new Map<string, unknown>()
  if (content === null || content === undefined) return { path, entries }
  if (typeof content !== 'object' || Array.isArray(content)) fail('must hold a map of settings')
  for (const [key, value] of Object.entries(content as object)) {
    const field = known.get(kebab(key))
    if (!field) {
      fail(
        `unknown key ${JSON.stringify(key)}: the keys are the flags of swim-cli start, such as probe-interval`,
      )
    }
    const name = field!.key
    if (entries.has(name)) fail(`gives ${name} twice, the second time as ${key}`)
    if (value !== null || field!.guards) entries.set(name, value)
  }
  return { path, entries }
}
