import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger, QueryHandler } from '@swimkit/core'
import { type ClusterKeys, generateKey, readKey } from '@swimkit/security'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { FakeNode, fakeMember } from '../testing/fake-node.ts'
import { type Sealing, sealingOf } from './sealing.ts'

const [leaked, fresh, evil] = [generateKey(), generateKey(), generateKey()]
const ids = (...keys: readonly string[]): string[] => keys.map((key) => readKey(key).id)
const byHand =
  'the key file was not written: it was changed by hand and not read since: send SIGHUP, then ask again'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
})
afterEach(() => rm(folder, { recursive: true }))

interface Member {
  readonly sealing: Sealing
  readonly keys: ClusterKeys
  /** A step that who has a key of the cluster asks for. */
  ask(step: object): Promise<{ readonly keys: readonly string[]; readonly error?: string }>
  /** What happens at a SIGHUP. */
  hangUp(): Promise<void>
  readonly log: string[]
  /** What is left of that where the same is not said twice within seconds. */
  readonly lines: string[]
}

const put = (file: string, ...keys: readonly string[]): void =>
  writeFileSync(file, `${keys.join('\n')}\n`, { mode: 0o600 })
const keysOf = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n')
/** Of a key file, or of keys as text. */
type Given = string | readonly string[]
const settingsOf = (given: Given) => ({
  ...(typeof given === 'string'
    ? { keyFile: { label: '--key-file', path: given }, keys: keysOf(given) }
    : { keyFile: undefined, keys: given }),
  verifyIncoming: true,
  verifyOutgoing: true,
})

/** A cluster of as many nodes as there are key files. */
function clusterOf(...files: readonly Given[]): readonly Member[] {
  const handlers: QueryHandler[] = []
  const nameOf = (i: number): string => `n${i}`
  const deadline = new Date(0)
  return files.map((file, i) => {
    const node = Object.assign(new FakeNode(), {
      name: nameOf(i),
      list: files.map((_, each) => fakeMember(nameOf(each))),
      onQuery: (_: string, handler: QueryHandler) => {
        handlers[i] = handler
        return () => undefined
      },
      query: async (name: string, body = new Uint8Array(0)) => ({
        answers: await Promise.all(
          handlers.map(async (handler, each) => ({
            member: nameOf(each),
            body: (await handler({ name, body, from: nameOf(i), deadline }))!,
            at: deadline,
          })),
        ),
        silent: [],
        unfinished: [],
      }),
    })
    const log: string[] = []
    const lines: string[] = []
    const terse = createLogger({
      level: 'info',
      format: 'text',
      colour: false,
      write: (line) => void lines.push(line),
      waiting: () => 0,
      now: () => 0,
    })
    const logger: Logger = {
      enabled: () => true,
      log: (level, message, fields = {}) => {
        log.push(`${level} ${message} ${JSON.stringify(fields)}`)
        terse.log(level, message, fields)
      },
    }
    const sealing = sealingOf(settingsOf(file), logger)!
    const keys = sealing.serve(node)
    return {
      sealing,
      keys,
      ask: async (step) => {
        const body = new TextEncoder().encode(JSON.stringify({ at: Math.floor(Date.now() / 1_000), ...step }))
        const answer = await handlers[i]!({ name: '', body, from: 'evil', deadline })
        return JSON.parse(new TextDecoder().decode(answer))
      },
      hangUp: () => sealing.reload(settingsOf(file)),
      log,
      lines,
    }
  })
}

describe('a key file that is changed by hand', () => {
  it('after a leak is not written over by who has the leaked key, before SIGHUP', async () => {
    const file = join(folder, 'keys')
    put(file, leaked)
    const node = clusterOf(file)[0]!
    put(file, fresh)
    expect(await node.ask({ do: 'install', key: evil })).toMatchObject({ keys: ids(leaked), error: byHand })
    await node.hangUp()
    expect(await node.ask({ do: 'install', key: leaked })).not.toHaveProperty('error')
    expect([node.sealing.sealer.keyring.ids, keysOf(file)]).toEqual([ids(fresh, leaked), [fresh, leaked]])
  })

  it('is what counts, wherever SIGHUP and a step that is asked for meet', async () => {
    const seen = new Set<string>()
    for (let wait = 0; wait < 40; wait++) {
      const file = join(folder, 'keys')
      put(file, leaked)
      const node = clusterOf(file)[0]!
      const step = node.ask({ do: 'install', key: evil })
      for (let i = 0; i < wait; i++) await new Promise((resolve) => setImmediate(resolve))
      put(file, fresh)
      const [{ error }] = await Promise.all([step, node.hangUp(), node.ask({ do: 'install', key: evil })])
      seen.add(String(error))
      expect(node.sealing.sealer.keyring.primary.id).toBe(readKey(fresh).id)
      expect(ids(...keysOf(file))).toEqual(node.sealing.sealer.keyring.ids)
    }
    expect(seen).toContain(byHand)
  })

  it('is read in its turn: what a step has written since the settings were read is not taken back', async () => {
    const file = join(folder, 'keys')
    put(file, leaked)
    const node = clusterOf(file)[0]!
    const settings = settingsOf(file)
    await node.ask({ do: 'install', key: fresh })
    await node.sealing.reload(settings)
    expect([node.sealing.sealer.keyring.ids, keysOf(file)]).toEqual([ids(leaked, fresh), [leaked, fresh]])
  })

  it('and wrong changes nothing, and the log says so', async () => {
    const file = join(folder, 'keys')
    put(file, leaked)
    const node = clusterOf(file)[0]!
    const settings = settingsOf(file)
    put(file, 'x')
    await node.sealing.reload({ ...settings, verifyIncoming: false })
    expect(node.log.at(-1)).toContain('error the keys were not taken over {"reason":"--key-file: line 1 of ')
    expect([node.sealing.sealer.keyring.ids, node.sealing.sealer.verifyIncoming]).toEqual([ids(leaked), true])
    put(file, fresh)
    await node.hangUp()
    expect(node.sealing.sealer.keyring.ids).toEqual(ids(fresh))
  })

  it('is another one where the settings name another, which is written from then on', async () => {
    const [file, other] = [join(folder, 'keys'), join(folder, 'other')]
    put(file, leaked)
    put(other, fresh)
    const node = clusterOf(file)[0]!
    await node.sealing.reload(settingsOf(other))
    await node.keys.install(evil)
    expect([keysOf(file), keysOf(other)]).toEqual([[leaked], [fresh, evil]])
  })
})

describe('keys that are given as text', () => {
  it('and have not changed since do not take back at SIGHUP what the cluster has exchanged', async () => {
    const node = clusterOf([leaked])[0]!
    const [oldId, nextId] = ids(leaked, fresh)
    await node.keys.install(fresh)
    await node.keys.use(nextId!)
    await node.keys.remove(oldId!)
    await node.sealing.reload({ ...settingsOf([leaked]), verifyIncoming: false })
    const { keyring, verifyIncoming } = node.sealing.sealer
    expect([keyring.ids, verifyIncoming]).toEqual([[nextId], false])
    await node.hangUp()
    expect([keyring.ids, node.log.at(-1)]).toEqual([
      [nextId],
      expect.stringContaining('info no other keys are given than before: those of this node stay'),
    ])
  })

  it('and were changed are taken over, also where they are those of before or of a file by then', async () => {
    const node = clusterOf([leaked])[0]!
    const { keyring } = node.sealing.sealer
    await node.sealing.reload(settingsOf([fresh, leaked]))
    expect([keyring.ids, node.log.at(-1)]).toEqual([
      ids(fresh, leaked),
      expect.stringContaining('info the keys were read anew'),
    ])
    await node.sealing.reload(settingsOf([leaked]))
    expect(keyring.ids).toEqual(ids(leaked))
    const file = join(folder, 'keys')
    put(file, evil)
    await node.sealing.reload(settingsOf(file))
    expect(keyring.ids).toEqual(ids(evil))
    await node.sealing.reload(settingsOf([leaked]))
    expect(keyring.ids).toEqual(ids(leaked))
  })
})

it('each step of an exchange is in the log, however soon it follows the one before', async () => {
  const file = join(folder, 'keys')
  put(file, leaked)
  const node = clusterOf(file)[0]!
  const [oldId, nextId] = ids(leaked, fresh)
  await node.keys.install(fresh)
  await node.keys.use(nextId!)
  await node.keys.remove(oldId!)
  const said = node.lines.filter((line) => line.includes('exchanged keys'))
  expect(said.map((line) => line.trimEnd().replace(/^\S+ /, ''))).toEqual(
    [`"${oldId} ${nextId}"`, `"${nextId} ${oldId}"`, nextId].map(
      (ring) => `info  the cluster has exchanged keys: the key file holds them ring=${ring}`,
    ),
  )
})

it('three nodes that share a key file install a key, use it and remove the other', async () => {
  const file = join(folder, 'keys')
  put(file, leaked)
  const nodes = clusterOf(file, file, file)
  const [oldId, nextId] = ids(leaked, fresh)
  const reports = [
    await nodes[0]!.keys.install(fresh),
    await nodes[1]!.keys.use(nextId!),
    await nodes[2]!.keys.remove(oldId!),
  ]
  expect(reports.map(({ errors }) => errors)).toEqual([{}, {}, {}])
  expect(keysOf(file)).toEqual([fresh])
  for (const { sealing } of nodes) expect(sealing.sealer.keyring.ids).toEqual([nextId])
})
