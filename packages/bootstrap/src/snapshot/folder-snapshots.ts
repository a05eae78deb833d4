import { type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import type { SnapshotStore } from '@swimkit/core'
import { codeOf, folderError, SnapshotFolderError } from './folder-error.ts'
import { lockFolder } from './folder-lock.ts'

/** Snapshots of one node in a folder. */
export interface FolderSnapshots extends SnapshotStore {
  /** Lets others have the folder. After the node has stopped; harmless when called again. */
  close(): Promise<void>
}

const name = 'members.snapshot'
const unusable = `${name}.unusable-`
/** Those that were set aside longest ago make room. */
const mostUnusable = 3

/** Most that is written or read, bytes: some 300,000 members. */
const limit = 64 * 1_024 * 1_024

/**
 * Keeps a node's snapshots in a folder: the latest in `members.snapshot`, for `NodeOptions.snapshots`. The folder is made, for its user alone, if it is missing. It
 * is this process's until `close`, or until the process ends in any way.
 *
 * A save writes another file, has the disk confirm it, and takes the first one's place with it, so that there is always a whole one. One that cannot be used is
 * kept as `members.snapshot.unusable-` and the time; of those, the latest 3. Of a file above 64 MiB no more than that is read, and none is written.
 *
 * Rejects, as all its methods do, with a {@link SnapshotFolderError} where the folder cannot be used: it is tried by writing there.
 */
export async function folderSnapshots(path: string): Promise<FolderSnapshots> {
  const folder = resolve(path)
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw folderError(folder, error)
    }
  }
  const lock = await within(async () => {
    await make(folder)
    return lockFolder(folder)
  })
  const file = join(folder, name)
  const next = join(folder, `${name}.new`)

  const load = (): Promise<Uint8Array | undefined> =>
    within(async () => {
      try {
        const found = await lstat(file)
        // A pipe, say, would be waited for.
        if (found.isFile()) return await withFile(file, 'r', (handle) => read(handle, found.size))
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw error
      }
      throw new SnapshotFolderError(folder, `${name} in it is not a file; move it away`)
    })

  const save = (bytes: Uint8Array): Promise<void> =>
    within(async () => {
      if (bytes.length > limit) {
        throw new SnapshotFolderError(
          folder,
          `the snapshot has ${bytes.length} bytes, and at most ${limit} are kept`,
        )
      }
      try {
        // Not what an earlier process left, nor what that may be a link to.
        await rm(next, { force: true })
        await withFile(next, 'wx', async (handle) => {
          await handle.writeFile(bytes)
          await handle.sync()
        })
        await rename(next, file)
      } catch (error) {
        await rm(next, { force: true }).catch(() => undefined) // the first error says what is wrong
        throw error
      }
      await confirm(folder)
    })

  const setAside = (): Promise<string> =>
    within(async () => {
      const place = join(folder, `${unusable}${new Date().toISOString().replace(/[-:]/g, '')}`)
      await rename(file, place)
      const others = (await readdir(folder)).filter((entry) => entry.startsWith(unusable)).sort()
      for (const old of others.slice(0, -mostUnusable)) await rm(join(folder, old), { force: true })
      await confirm(folder)
      return place
    })

  try {
    // What a process was writing when it was killed.
    await within(() => rm(next, { force: true }))
  } catch (error) {
    await lock.release()
    throw error
  }
  return { load, save, setAside, close: () => lock.release() }
}

/** Not `recursive`: below /proc, where nothing can be made, Node 20 then tries for ever. */
async function make(folder: string): Promise<void> {
  const parent = dirname(folder)
  const once = (allowed: string) =>
    mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      // What is there already, a file maybe, is told apart when a lock is to be made in it.
      if (codeOf(error) !== 'EEXIST' && codeOf(error) !== allowed) throw error
      return codeOf(error)
    })
  if ((await once('ENOENT')) !== 'ENOENT' || parent === folder) return
  await make(parent)
  await once('EEXIST')
}

async function withFile<T>(path: string, flags: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, flags, 0o600)
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

/** At most {@link limit} bytes. */
async function read(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(size, limit))
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

/** Has the disk confirm that names in the folder are what they are now. Windows has no such thing, nor have some file systems. */
async function confirm(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    await withFile(folder, 'r', (handle) => handle.sync())
  } catch (error) {
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error
  }
}
