import { CliError, reasonOf } from '../errors.ts'

/** What a file holds: JSON where its path ends so, else YAML. Throws a {@link CliError} with exit code 2. */
export async function parseDocument(path: string, text: string): Promise<unknown> {
  const json = path.endsWith('.json')
  try {
    return json ? JSON.parse(text) : (await import('./yaml.ts')).parseYaml(text)
  } catch (error) {
    const why = (reasonOf(error).split(/:? {2,}/)[0] ?? '').replace(/:$/, '')
    throw new CliError(2, `file ${path}: is not valid ${json ? 'JSON' : 'YAML'}: ${why}`)
  }
}
