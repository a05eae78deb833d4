import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allRuntimes, commands, exit, launch, launchProgram, serving } from './swim-process.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** A folder that has nothing but the packed packages. */
let folder: string
/** What npm says that it has packed, by the file it is in. */
const packed = new Map<string, { readonly name: string; readonly files: readonly { path: string }[] }>()

beforeAll(async () => {
  const packages = (await readdir(join(root, 'packages'))).sort()
  folder = await mkdtemp(join(tmpdir(), 'swimkit-packed-'))
  const tarballs = join(folder, 'tarballs')
  await mkdir(tarballs)
  const workspaces = packages.flatMap((name) => ['-w', `packages/${name}`])
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', tarballs, ...workspaces], {
    cwd: root,
    maxBuffer: 16_777_216,
  })
  // An array, or an object by name: that depends on the version of npm.
  const said: { name: string; filename: string; files: { path: string }[] }[] = Object.values(
    JSON.parse(stdout),
  )
  for (const { filename, files, name } of said)
    packed.set(join(tarballs, basename(filename)), { name, files })
  expect([...packed.keys()].sort()).toEqual(
    (await readdir(tarballs)).map((file) => join(tarballs, file)).sort(),
  )
  expect(packed.size).toBe(packages.length)
  await writeFile(join(folder, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  await writeFile(join(folder, 'program.js'), program)
  await run('npm', ['install', '--no-audit', '--no-fund', ...packed.keys()], { cwd: folder })
  await installDetector('quiet', 1)
  await installDetector('newer', 2)
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

/** A third party's detector, as npm would have installed it. */
async function installDetector(name: string, api: number): Promise<void> {
  const at = join(folder, 'node_modules', `swimkit-detector-${name}`)
  await mkdir(at, { recursive: true })
  await writeFile(
    join(at, 'package.json'),
    JSON.stringify({
      name: `swimkit-detector-${name}`,
      version: '1.0.0',
      type: 'module',
      exports: './index.js',
    }),
  )
  await writeFile(
    join(at, 'index.js'),
    `export default () => ({ kind: 'detector', name: '${name}', api: ${api}, attach: () => ({ start() {}, stop() {}, onTimer() {} }) })`,
  )
}

/** Two nodes that find each other, and one that leaves: what the README shows. */
const program = `
import { compose, createNode } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
const make = (name) => createNode({ name, bind: '127.0.0.1:0', host: host(), transport: compose({ packets: udp(), streams: tcp() }), detector: pingAck() })
const a = make('a')
const b = make('b')
await a.start()
await b.start()
const { host: at, port } = a.address
const { joined } = await b.join([at + ':' + port])
const { acknowledgedBy } = await b.leave()
const statuses = a.members().map(({ name, status }) => name + ' ' + status).sort()
await a.stop()
await b.stop()
console.log(JSON.stringify({ joined: joined.length, acknowledgedBy, statuses, runtime: a.runtime.split(' ')[0] }))
`

describe('the packed packages, installed in an empty folder', () => {
  test.concurrent.each(allRuntimes)('work as a library on %s', async (runtime) => {
    const [command, ...leading] = commands[runtime]
    const { stdout } = await run(command!, [...leading, join(folder, 'program.js')], {
      cwd: folder,
      timeout: 30_000,
    })
    expect(JSON.parse(stdout)).toEqual({
      joined: 1,
      acknowledgedBy: ['a'],
      statuses: ['a alive', 'b left'],
      runtime: runtime === 'newest' ? 'node' : runtime,
    })
  })

  test.concurrent.each(allRuntimes)('start a node by the command on %s', async (runtime) => {
    const script = join(folder, 'node_modules/swim-cli/bin/swim-cli.js')
    const node = await serving(
      launch(
        ['start', '--detector', 'pingack', '--bind', '127.0.0.1', '--port', '0'],
        runtime,
        script,
        folder,
      ),
    )
    expect(node.ready.runtime.split(' ')[0]).toBe(runtime === 'newest' ? 'node' : runtime)
    expect(await node.members()).toHaveLength(1)
    node.signal('SIGINT')
    expect(await node.exited, node.stderr()).toBe(0)
  })

  test.concurrent('npx starts the command', async () => {
    const npx = launchProgram(
      'npx',
      ['swim-cli', 'start', '--detector', 'pingack', '--bind', '127.0.0.1', '--port', '0'],
      folder,
    )
    const node = await serving(npx)
    expect(await node.members()).toHaveLength(1)
    // npx runs it as a child of its own.
    process.kill(node.ready.pid, 'SIGINT')
    expect(await node.exited, node.stderr()).toBe(0)
  })

  test.concurrent.each(allRuntimes)(
    "run a detector that is installed beside the user's program, on %s",
    async (runtime) => {
      const script = join(folder, 'node_modules/swim-cli/bin/swim-cli.js')
      const node = await serving(
        launch(
          ['start', '--detector', 'quiet', '--bind', '127.0.0.1', '--port', '0'],
          runtime,
          script,
          folder,
        ),
      )
      expect(node.ready.detector).toBe('quiet')
    },
  )

  test.concurrent('refuse a detector that is made for another plugin interface, in one line', async () => {
    const script = join(folder, 'node_modules/swim-cli/bin/swim-cli.js')
    const child = launch(
      ['start', '--detector', 'newer', '--bind', '127.0.0.1', '--port', '0'],
      'node',
      script,
      folder,
    )
    let stderr = ''
    child.stderr!.on('data', (chunk) => {
      stderr += chunk
    })
    expect(await exit(child)).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/contract 2; this build speaks 1/)
  })

  test.concurrent('npx finds the command', async () => {
    const { stdout } = await run('npx', ['swim-cli', '--version'], { cwd: folder })
    const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8'))
    expect(stdout).toContain(version)
  })

  test('hold what they should: no tests, and a licence and a README each', () => {
    for (const { files, name } of packed.values()) {
      const paths = files.map(({ path }) => path)
      expect([name, paths.filter((path) => /\.test\.|testing\//.test(path))]).toEqual([name, []])
      expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    }
  })
})

test('publint and are-the-types-wrong find nothing in each package', async () => {
  for (const [file, { name }] of packed) {
    const tarball = Uint8Array.from(await readFile(file))
    const { messages, pkg } = await publint({ strict: true, pack: { tarball: tarball.buffer } })
    expect([pkg.name, messages]).toEqual([name, []])
    const types = await checkPackage(createPackageFromTarballData(tarball))
    if (!types.types) throw new Error(`${name} has no types`)
    // What its command calls the profile esm-only: the packages are ESM.
    const found = types.problems.filter(
      (problem) => !('resolutionKind' in problem && /^(node10|node16-cjs)$/.test(problem.resolutionKind)),
    )
    expect([types.packageName, found]).toEqual([name, []])
  }
}, 120_000)
