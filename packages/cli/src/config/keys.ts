import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { KeyError, readKey } from '@swimkit/security'
import { CliError } from '../errors.ts'
import { readNamedFile } from './named-file.ts'

export const keyAllowed = 'must be 16, 24 or 32 bytes in base64, as swim-cli keygen prints them'

/** Whether a text is a key. */
export function isKey(text: string): boolean {
  try {
    readKey(text)
    return true
  } catch (error) {
    if (error instanceof KeyError) return false
    throw error
  }
}

/**
 * The keys in a file, one on each line or with commas between them, the first one being the primary; lines that begin with # do not count. Warns of a file that others may
 * read. Throws a {@link CliError} with exit code 2 that shows nothing of a key.
 */
export async function keysIn(label: string, path: string, warnings: string[]): Promise<readonly string[]> {
  const lines = new TextDecoder().decode(await readNamedFile(label, path)).split('\n')
  const keys: string[] = []
  for (const [i, line] of lines.entries()) {
    if (line.trimStart().startsWith('#')) continue
    for (const key of line.split(',').map((part) => part.trim())) {
      if (key === '') continue
      if (!isKey(key)) {
        throw new CliError(
          2,
          `${label}: line ${i + 1} of ${JSON.stringify(path)} holds no key: ${keyAllowed}`,
        )
      }
      keys.push(key)
    }
  }
  if (keys.length === 0)
    throw new CliError(2, `${label}: ${JSON.stringify(path)} holds no key: ${keyAllowed}`)
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    warnings.push(`${label}: others may read ${path}, which holds keys of the cluster: chmod 600 it`)
  }
  return keys
}

/**
 * Puts these keys in the place of those in a file, for its owner alone, at once or not at all; lines that begin with # stay. Rejects with what the system says.
 */
export async function writeKeys(path: string, keys: readonly string[]): Promise<void> {
  // A link stays one.
  const file = await realpath(path)
  const before = (await readFile(file, 'utf8')).split('\n')
  const lines = [...before.filter((line) => line.trimStart().startsWith('#')), ...keys]
  const next = `${file}.next`
  try {
    // What a process that was ended left behind may have another mode.
    await rm(next, { force: true })
    const handle = await open(next, 'wx', 0o600)
    try {
      await handle.writeFile(`${lines.join('\n')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(next, file)
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined)
    throw error
  }
}
