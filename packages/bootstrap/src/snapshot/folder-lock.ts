import { open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, SnapshotFolderError } from './folder-error.ts'

/** A folder that is this process's alone. */
export interface FolderLock {
  /** Gives it up. Never rejects. */
  release(): Promise<void>
}

/** Folders that this process has, by their one true path: a file with its own process id would not tell whether it still has it. */
const held = new Set<string>()

/** A file without a process id is looked at again so often, 10 ms apart: whoever made it may be about to write it. */
const looks = 20

/**
 * Takes a folder for this process, by a file `lock` in it that names the process. A file that was left by a process that is gone does not count.
 * Rejects with a {@link SnapshotFolderError} that names who has it, and with the system's errors. Processes that do not see each
 * other, as those of two containers, are not kept apart.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = await realpath(folder)
  if (held.has(path)) throw taken(folder, process.pid)
  held.add(path)
  const file = join(path, 'lock')
  try {
    await create(folder, file)
  } catch (error) {
    held.delete(path)
    throw error
  }
  return {
    async release() {
      // What cannot be removed names a process that will be gone.
      if (held.delete(path)) await rm(file, { force: true }).catch(() => undefined)
    },
  }
}

async function create(folder: string, file: string): Promise<void> {
  const own = `${process.pid} ${(await startOf(process.pid)) ?? ''}\n`
  // As often as others may be in the middle of the same.
  for (let attempts = 5; ; attempts--) {
    try {
      const handle = await open(file, 'wx', 0o600)
      try {
        await handle.writeFile(own)
      } catch (error) {
        await rm(file, { force: true })
        throw error
      } finally {
        await handle.close()
      }
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempts === 0) throw error
    }
    const holder = await holderOf(file)
    if (holder !== undefined && (await lives(holder))) throw taken(folder, holder.pid)
    await removeStale(folder, file)
  }
}

/**
 * Removes a file whose process is gone. Another process may have done so meanwhile and made its own, which then is put back: a rename takes
 * exactly one file, and only afterwards is certain which.
 */
async function removeStale(folder: string, file: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const holder = await holderOf(aside)
  if (holder !== undefined && (await lives(holder))) {
    await rename(aside, file)
    throw taken(folder, holder.pid)
  }
  await rm(aside, { force: true })
}

interface Holder {
  readonly pid: number
  /** See {@link startOf}; undefined where it was not known. */
  readonly start: string | undefined
}

/** Whom a lock file names; undefined where it names nobody, also after a while, or is gone. */
async function holderOf(file: string): Promise<Holder | undefined> {
  for (let left = looks; left > 0; left--) {
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
    const [, pid, start] = /^(\d{1,10})(?: (\S+))?/.exec(text) ?? []
    if (pid !== undefined) return { pid: Number(pid), start }
    await sleep(10)
  }
  return undefined
}

/** Whether it is still the same process. One of another user counts; this one has no lock that it does not know of. */
async function lives({ pid, start }: Holder): Promise<boolean> {
  if (pid === process.pid || pid === 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  const now = start === undefined ? undefined : await startOf(pid)
  return now === undefined || now === start
}

/**
 * When a process started, as Linux counts it, and in which run of the system: after a restart of the machine or the container, its id is likely to be
 * another's. Undefined where that cannot be read.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The name, in brackets, may hold anything; the 20th field after it is the start (proc(5)).
    const ticks = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19)
    return ticks === undefined ? undefined : `${boot.trim()}/${ticks}`
  } catch {
    return undefined
  }
}

const taken = (folder: string, holder: number): SnapshotFolderError =>
  new SnapshotFolderError(
    folder,
    `the process ${holder}${holder === process.pid ? ', which is this one,' : ''} has it; each node needs a folder of its own`,
    { holder },
  )
