import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installedPlugins } from './installed.ts'
import { loadPlugin } from './load.ts'

let project: string
async function install(name: string, source: string, exports: object = { '.': { import: './index.js' } }) {
  const folder = join(project, 'node_modules', name)
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', type: 'module', exports }),
  )
  await writeFile(join(folder, 'index.js'), source)
}
const codec = (name: string) => `{ kind: 'codec', name: '${name}', api: 1, open() {} }`

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'swim-cli-'))
  await install('swimkit-codec-morse', `export default () => (${codec('morse')})`)
  await install('plain', `export default ${codec('plain')}`)
  await install('@acme/codec', `export default () => (${codec('acme')})`)
  await install('swimkit-codec-old', `export default () => ({ ...${codec('old')}, api: 0 })`)
  await install('swimkit-codec-broken', `throw new Error('no licence')`)
  await install('swimkit-codec-named', `export const codec = () => (${codec('named')})`)
  await install(
    'swimkit-transport-packets',
    `export default () => ({
    kind: 'transport', name: 'packets', api: 1, maxPacketBytes: 1400, streams: false,
    open() {}, send() {}, dial() {}, stats() {}, close() {} })`,
  )
})
afterAll(() => rm(dirname(join(project, 'x')), { recursive: true }))

describe('a plugin', () => {
  it.each([
    ['detector', 'pingack'],
    ['transport', 'udp'],
    ['transport', 'tcp'],
    ['codec', 'swim'],
    ['codec', 'json'],
  ] as const)('%s %s is built in and bears its name', async (kind, name) => {
    expect(await loadPlugin(kind, name, '/')).toMatchObject({ kind, name, api: 1 })
  })

  it.each([
    ['morse', 'morse'],
    ['plain', 'plain'],
    ['@acme/codec', 'acme'],
  ])('%s is found beside the project of its user', async (name, loaded) => {
    const nested = join(project, 'packages', 'app')
    await mkdir(nested, { recursive: true })
    expect((await loadPlugin('codec', name, nested)).name).toBe(loaded)
  })

  it('a transport without streams gets some', async () => {
    expect(await loadPlugin('transport', 'packets', project)).toMatchObject({
      name: 'packets',
      streams: true,
    })
  })

  it.each([
    ['old', 'codec plugin swimkit-codec-old speaks plugin contract 0; this build speaks 1'],
    ['broken', 'codec plugin swimkit-codec-broken: no licence'],
    ['named', 'codec plugin swimkit-codec-named has no default export'],
    [
      'none',
      'codec "none" is not installed: built in are swim, json, and there is no package @swimkit/codec-none, swimkit-codec-none, none',
    ],
    ['fs', 'codec "fs" is not installed'],
    ['toString', 'is not a package name'],
    ['./node_modules/plain', 'is not a package name'],
    ['data:text/javascript,1', 'is not a package name'],
  ])('%s is refused: %s', async (name, message) => {
    await expect(loadPlugin('codec', name, project)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    })
  })

  it('is listed where it is installed', async () => {
    expect(await installedPlugins(join(project, 'packages'))).toEqual(
      expect.arrayContaining([
        { kind: 'codec', package: 'swimkit-codec-morse' },
        { kind: 'transport', package: 'swimkit-transport-packets' },
      ]),
    )
  })
})
