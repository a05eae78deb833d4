import type { BigIntStats } from 'node:fs'
import { lstat, stat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import process from 'node:process'
import { codeOf } from '../errors.ts'

/** Bytes of a path that a socket's address holds, on Linux one less than 108, on macOS than 104. */
export const maxSocketPath = process.platform === 'linux' ? 107 : 103

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whether a process takes connections there. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED' || codeOf(error) === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
}

/** Whether what is found is what was found before. The number of an inode says too little: that of a file which has gone is given to the next one. */
export const isSame = (found: BigIntStats, before: BigIntStats): boolean =>
  (['dev', 'ino', 'ctimeNs', 'birthtimeNs'] as const).every((field) => found[field] === before[field])

/** Rejects where a socket has no folder to be in, of which listening says that it is not allowed. */
async function expectFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    const code = codeOf(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  })
  if (!found?.isDirectory()) throw new Error('there is no such folder')
}

/**
 * Makes room for a socket: takes away what a process that died has left behind. Rejects where a live process serves it,
 * where there is a file that is no socket, and where there is no folder for it.
 */
export async function clearSocket(path: string): Promise<void> {
  await expectFolder(dirname(path))
  const found = await statOf(path)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error('there is a file that is no socket')
  if (await isServed(path)) throw new Error('another process serves it')
  // Whoever was quicker has put a new one there.
  const now = await statOf(path)
  if (now !== undefined && isSame(now, found)) await unlink(path)
}

/**
 * Makes a socket that nobody else can connect to, not even for an instant. `listen` creates it before it returns, on each
 * of the runtimes, so that the mask goes for nothing else.
 */
export function forOwnerAlone(listen: () => void): void {
  const mask = process.umask(0o177)
  try {
    listen()
  } finally {
    process.umask(mask)
  }
}
