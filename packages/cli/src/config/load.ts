import * as v from 'valibot'
import { CliError } from '../errors.ts'
import { type Field, type FieldKey, fields } from './fields.ts'
import type { ConfigFile } from './file.ts'
import { type FieldValues, schemas } from './schemas.ts'

/** Where settings come from, strongest first: flags, the environment, a file. */
export interface Sources {
  /** By key; text, a list of texts, or true. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file?: ConfigFile | undefined
}

/** The checked settings, and what each is called where it was given: `--port`, `SWIM_PORT`, `file x.yaml: port`. */
export interface Loaded {
  readonly values: FieldValues
  readonly source: ReadonlyMap<FieldKey, { readonly label: string; readonly rank: number }>
}

/** Ranks of the sources; the lowest wins. */
export const flagRank = 0
export const envRank = 1
export const fileRank = 2

/** What was given for a field and where, by precedence. An empty variable counts as none: compose files have them. */
function given(
  field: Field,
  { flags, env, file }: Sources,
): [raw: unknown, label: string, rank: number] | undefined {
  const flag = flags[field.key]
  if (flag !== undefined) return [flag, `--${field.key}`, flagRank]
  const variable = field.env === undefined ? undefined : env[field.env]
  if (field.env !== undefined && variable !== undefined && variable !== '') {
    // A variable holds several values with commas between them. A flag may be repeated, so a tag's value may have commas there.
    return [field.many ? variable.split(',') : variable, field.env, envRank]
  }
  const entry = file?.entries.get(field.key)
  if (file !== undefined && entry !== undefined) return [entry, `file ${file.path}: ${field.key}`, fileRank]
  return undefined
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** Docker links and Kubernetes set `<SERVICE>_PORT=tcp://…` for a service that is called like ours. */
const clusterLink = /^(tcp|udp):\/\//

/** Checks one value; throws a {@link CliError} with the one line that says what is wrong. */
function checked(field: Field, raw: unknown, label: string): unknown {
  const result = v.safeParse(schemas[field.key as FieldKey], raw, { abortEarly: true, abortPipeEarly: true })
  if (result.success) return result.output
  const issue = result.issues[0]
  const bad = field.secret ? '' : `${show(issue.input)} is not allowed: `
  const hint =
    typeof raw === 'string' && clusterLink.test(raw)
      ? ' (set by a Kubernetes service of that name? set enableServiceLinks: false, or give the flag)'
      : ''
  throw new CliError(2, `${label}: ${bad}${issue.message}${hint}`)
}

/** Reads every setting from its strongest source and checks it. Throws a {@link CliError} with exit code 2. */
export function loadSettings(sources: Sources): Loaded {
  const values: Record<string, unknown> = {}
  const source = new Map<FieldKey, { label: string; rank: number }>()
  for (const field of fields) {
    const found = given(field, sources)
    if (!found) continue
    const [raw, label, rank] = found
    values[field.key] = checked(field, raw, label)
    source.set(field.key, { label, rank })
  }
  return { values: values as FieldValues, source } // each was checked by its own schema
}

/**
 * Which of two ways to give the same thing counts: the one from the stronger source. Both from one source is a
 * contradiction.
 */
export function eitherOf<A extends FieldKey, B extends FieldKey>(
  loaded: Loaded,
  a: A,
  b: B,
): A | B | undefined {
  const [one, other] = [loaded.source.get(a), loaded.source.get(b)]
  if (one && other && one.rank === other.rank) {
    throw new CliError(2, `${one.label} and ${other.label} contradict each other: give one of them`)
  }
  if (one && other) return one.rank < other.rank ? a : b
  return one ? a : other ? b : undefined
}
