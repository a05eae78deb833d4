import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync } from 'node:fs'
import { open, readFile, realpath, rm } from 'node:fs/promises'
import process from 'node:process'
import { KeyError, Keyring, readKey } from '@swimkit/security'
import { CliError } from '../errors.ts'
import { type NamedFile, readNamedFile, warnOfReaders } from './named-file.ts'

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
export async function keysIn({ label, path }: NamedFile, warnings: string[]): Promise<readonly string[]> {
  const parts = partsOf(new TextDecoder().decode(await readNamedFile(label, path)))
  for (const { line, part } of parts) {
    if (isKey(part)) continue
    throw new CliError(2, `${label}: line ${line} of ${JSON.stringify(path)} holds no key: ${keyAllowed}`)
  }
  const keys = parts.map(({ part }) => part)
  if (keys.length === 0)
    throw new CliError(2, `${label}: ${JSON.stringify(path)} holds no key: ${keyAllowed}`)
  await warnOfReaders(label, path, 'keys of the cluster', warnings)
  return keys
}

/**
 * Puts these keys in the place of those in a file, for its owner alone, at once or not at all; lines that begin with # stay. Rejects with what the system says, and leaves a file alone
 * that holds other keys than `before`, or was changed meanwhile. One that holds these keys already, as where another node wrote the same, is left as it is.
 */
export async function writeKeys(
  path: string,
  keys: readonly string[],
  before: readonly string[],
): Promise<void> {
  // A link stays one.
  const file = await realpath(path)
  const found = await readFile(path, 'utf8')
  if (!holds(found, before)) return expectHeld(found, keys)
  const lines = [...found.split('\n').filter(isComment), ...keys]
  // Of this write alone: other nodes may share the file.
  const next = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.next`
  const handle = await open(next, 'wx', 0o600)
  try {
    try {
      await handle.writeFile(`${lines.join('\n')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Nothing of this process comes between these two, and another has the time between two system calls.
    const now = readFileSync(path, 'utf8')
    if (now === found) renameSync(next, file)
    else expectHeld(now, keys)
  } finally {
    await rm(next, { force: true }).catch(() => undefined)
  }
}

const isComment = (line: string): boolean => line.trimStart().startsWith('#')

/** What should be keys, with the numbers of their lines, from 1. */
function partsOf(text: string): readonly { readonly line: number; readonly part: string }[] {
  return text.split('\n').flatMap((line, i) => {
    if (isComment(line)) return []
    const parts = line.split(',').map((part) => part.trim())
    return parts.filter((part) => part !== '').map((part) => ({ line: i + 1, part }))
  })
}

function expectHeld(text: string, keys: readonly string[]): void {
  if (holds(text, keys)) return
  throw new Error('it was changed by hand and not read since: send SIGHUP, then ask again')
}

/** Whether a file holds these keys and no others, in this order. */
function holds(text: string, keys: readonly string[]): boolean {
  try {
    return spelled(partsOf(text).map(({ part }) => part)) === spelled(keys)
  } catch (error) {
    // Not one that a node could start with.
    if (error instanceof KeyError) return false
    throw error
  }
}

/** The same for all spellings of the same ring. */
const spelled = (keys: readonly string[]): string =>
  new Keyring(keys).keys.map(({ bytes }) => Buffer.from(bytes).toString('base64')).join()
