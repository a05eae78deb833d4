import { readFile, stat } from 'node:fs/promises'
import process from 'node:process'
import { CliError, codeOf, reasonOf } from '../errors.ts'

/** A file that the user named, and what it was given as: `--key-file`, `SWIM_KEY_FILE`. */
export interface NamedFile {
  readonly label: string
  readonly path: string
}

/** Why a file could not be read, in words. */
const readFailures: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'not allowed to read it',
  EISDIR: 'it is a directory',
}

/** A file that the user named. Throws a {@link CliError} with exit code 2, saying who named it. */
export async function readNamedFile(label: string, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    const why = readFailures[codeOf(error) ?? ''] ?? reasonOf(error)
    throw new CliError(2, `${label}: cannot read ${JSON.stringify(path)}: ${why}`)
  }
}

/** Warns of a file with secrets that others than its owner may read. */
export async function warnOfReaders(
  label: string,
  path: string,
  secrets: string,
  warnings: string[],
): Promise<void> {
  const { mode } = await stat(path)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  warnings.push(`${label}: others may read ${path}, which holds ${secrets}: chmod 600 it`)
}
