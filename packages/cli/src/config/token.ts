import { CliError } from '../errors.ts'
import { readNamedFile, warnOfReaders } from './named-file.ts'

export const tokenAllowed = 'must be 8..1024 printable characters without spaces'

/** Whether a text can be a token: it has to fit an Authorization header. */
export const isToken = (text: string): boolean => /^[\x21-\x7e]{8,1024}$/.test(text)

/** The token in a file, its newline taken off. Warns, if there is somebody to warn, of a file that others may read. Throws a {@link CliError} with exit code 2. */
export async function tokenIn(label: string, path: string, warnings?: string[]): Promise<string> {
  const content = new TextDecoder().decode(await readNamedFile(label, path)).trim()
  if (!isToken(content))
    throw new CliError(2, `${label}: the token in ${JSON.stringify(path)} ${tokenAllowed}`)
  if (warnings !== undefined) await warnOfReaders(label, path, 'a token of the control API', warnings)
  return content
}
