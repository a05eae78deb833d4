import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type FolderSnapshots, folderSnapshots, SnapshotFolderError } from '@swimkit/bootstrap'
import { type Case, pattern, rejection, type Scope, text, utf8 } from '../transports/rig.ts'

const mebibyte = 1_024 * 1_024
/** No system has a process of that id. */
const nobody = 2_000_000_000

/** A folder for one case, with nothing in it. */
async function emptyFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swimkit-snapshots-'))
  scope.onEnd(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function opened(scope: Scope, folder: string): Promise<FolderSnapshots> {
  const store = await folderSnapshots(folder)
  scope.onEnd(() => store.close())
  return store
}

/** That it is refused, in one line that quotes the folder; with what. */
async function refusal(folder: string, work: Promise<unknown>): Promise<SnapshotFolderError> {
  const error = await rejection(work)
  ok(error instanceof SnapshotFolderError, String(error))
  equal(error.folder, folder)
  ok(error.message.startsWith(`cannot keep snapshots in ${JSON.stringify(folder)}: `), error.message)
  ok(!error.message.includes('\n'))
  return error
}

const rights = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)

const linux: readonly Case[] = [
  {
    name: 'snapshots: a lock whose process id is another process by now counts for nothing',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
      await writeFile(join(folder, 'lock'), `${process.ppid} ${boot}/1\n`)
      await opened(scope, folder)
      match(await readFile(join(folder, 'lock'), 'utf8'), new RegExp(`^${process.pid} ${boot}/\\d+\n$`))
    },
  },
  {
    name: 'snapshots: where nobody may write is refused at once',
    async run() {
      const error = await refusal('/proc/swimkit', folderSnapshots('/proc/swimkit'))
      match(error.message, /must be a folder that this process may write to/)
    },
  },
]

/** What a folder of snapshots must do on every runtime. */
export const snapshotCases: readonly Case[] = [
  {
    name: 'snapshots: a folder that is missing is made, for its user alone, and has nothing to load',
    async run(scope) {
      const folder = join(await emptyFolder(scope), 'deep', 'inside')
      const store = await opened(scope, folder)
      equal(await store.load(), undefined)
      equal(await rights(folder), '700')
      await store.save(utf8('first'))
      equal(await rights(join(folder, 'members.snapshot')), '600')
    },
  },
  {
    name: 'snapshots: what was saved last is loaded, also by the next process',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const store = await opened(scope, folder)
      await store.save(pattern(3 * mebibyte))
      await store.save(utf8('second'))
      equal(text((await store.load())!), 'second')
      await store.close()
      equal(text((await (await opened(scope, folder)).load())!), 'second')
      deepEqual((await readdir(folder)).sort(), ['lock', 'members.snapshot'])
    },
  },
  {
    name: 'snapshots: what a process was writing when it was killed is gone, and the one before is there',
    async run(scope) {
      const folder = await emptyFolder(scope)
      await writeFile(join(folder, 'members.snapshot'), 'whole')
      await writeFile(join(folder, 'members.snapshot.new'), 'to')
      const store = await opened(scope, folder)
      equal(text((await store.load())!), 'whole')
      deepEqual((await readdir(folder)).sort(), ['lock', 'members.snapshot'])
    },
  },
  {
    name: 'snapshots: a save that fails leaves the one before',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const store = await opened(scope, folder)
      await store.save(utf8('first'))
      await mkdir(join(folder, 'members.snapshot.new', 'in the way'), { recursive: true })
      await refusal(folder, store.save(utf8('second')))
      equal(text((await store.load())!), 'first')
      await rm(join(folder, 'members.snapshot.new'), { recursive: true })
      await store.save(utf8('third'))
      equal(text((await store.load())!), 'third')
    },
  },
  {
    name: 'snapshots: 64 MiB are saved and read; what is larger is neither saved nor read as a whole',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const store = await opened(scope, folder)
      await store.save(utf8('first'))
      await refusal(folder, store.save(new Uint8Array(64 * mebibyte + 1)))
      equal(text((await store.load())!), 'first')
      await truncate(join(folder, 'members.snapshot'), 65 * mebibyte)
      equal((await store.load())!.length, 64 * mebibyte)
      const largest = new Uint8Array(64 * mebibyte)
      largest[largest.length - 1] = 7
      await store.save(largest)
      equal((await store.load())!.at(-1), 7)
    },
  },
  {
    name: 'snapshots: one that is set aside stays as it is, and of such the latest three',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const store = await opened(scope, folder)
      const places: string[] = []
      for (const content of ['a', 'b', 'c', 'd', 'e']) {
        await store.save(utf8(content))
        places.push(await store.setAside())
        equal(await store.load(), undefined)
        // The name has the time in milliseconds.
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await store.save(utf8('f'))
      for (const place of places) match(place, /members\.snapshot\.unusable-\d{8}T\d{6}\.\d{3}Z$/)
      const kept = (await readdir(folder)).filter((entry) => entry.includes('unusable')).sort()
      deepEqual(
        kept.map((entry) => join(folder, entry)),
        places.slice(-3),
      )
      deepEqual(await Promise.all(places.slice(-3).map((place) => readFile(place, 'utf8'))), ['c', 'd', 'e'])
    },
  },
  {
    name: 'snapshots: a file, what lies below one, and a folder in place of the file are refused',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const file = join(folder, 'file')
      await writeFile(file, '')
      match((await refusal(file, folderSnapshots(file))).message, /it is not a folder/)
      match((await refusal(join(file, 'x'), folderSnapshots(join(file, 'x')))).message, /it is not a folder/)
      const store = await opened(scope, folder)
      await mkdir(join(folder, 'members.snapshot'))
      match((await refusal(folder, store.load())).message, /members\.snapshot in it is not a file/)
      await refusal(folder, store.save(utf8('first')))
    },
  },
  {
    name: 'snapshots: a folder has one user, also within a process',
    async run(scope) {
      const folder = await emptyFolder(scope)
      const store = await opened(scope, folder)
      const error = await refusal(folder, folderSnapshots(folder))
      equal(error.holder, process.pid)
      match(error.message, /each node needs a folder of its own/)
      await store.close()
      await store.close()
      deepEqual(await readdir(folder), [])
      await opened(scope, folder)
    },
  },
  {
    name: 'snapshots: the process that has the folder is named',
    async run(scope) {
      const folder = await emptyFolder(scope)
      await writeFile(join(folder, 'lock'), `${process.ppid} \n`)
      const error = await refusal(folder, folderSnapshots(folder))
      equal(error.holder, process.ppid)
      match(error.message, new RegExp(`the process ${process.ppid} has it`))
      equal(await readFile(join(folder, 'lock'), 'utf8'), `${process.ppid} \n`)
    },
  },
  ...[`${nobody} \n`, `${process.pid} \n`, '', 'no process'].map((content) => ({
    name: `snapshots: a lock of ${JSON.stringify(content).replace(String(process.pid), 'this process id')} counts for nothing`,
    async run(scope: Scope) {
      const folder = await emptyFolder(scope)
      await writeFile(join(folder, 'lock'), content)
      await opened(scope, folder)
      ok((await readFile(join(folder, 'lock'), 'utf8')).startsWith(`${process.pid} `))
      deepEqual(await readdir(folder), ['lock'])
    },
  })),
  {
    name: 'snapshots: of many that want a stale folder at once one gets it',
    async run(scope) {
      const folder = await emptyFolder(scope)
      await writeFile(join(folder, 'lock'), `${nobody} \n`)
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => opened(scope, folder)))
      equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    },
  },
  ...(process.platform === 'linux' ? linux : []),
]
