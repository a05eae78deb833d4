import type { Member, Node, QueryHandler } from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { type AesGcm, aesGcm, type SealingModes } from './aes-gcm.ts'
import { type ClusterKeys, clusterKeys, keysQuery, RotationError } from './cluster-keys.ts'
import { generateKey, readKey } from './key.ts'
import { Keyring } from './keyring.ts'

interface Peer {
  readonly keys: ClusterKeys
  readonly sealer: AesGcm
  readonly saved: string[][]
  /** What is wrong with its disk. */
  broken: string | undefined
  /** Whether it answers. */
  silent: boolean
}

/** Nodes that ask each other, and nothing else. */
function clusterOf(names: readonly string[], keys: readonly string[], modes: SealingModes = {}) {
  const handlers = new Map<string, QueryHandler>()
  const peers: Record<string, Peer> = {}
  const member = (name: string) => ({ name, status: 'alive' }) as Member
  const deadline = new Date(0)
  for (const name of names) {
    const node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'> = {
      name,
      members: () => names.map(member),
      onQuery: (query, handler) => {
        expect(query).toBe(keysQuery)
        handlers.set(name, handler)
        return () => handlers.delete(name)
      },
      query: async (query, body = new Uint8Array(0)) => {
        const answers = []
        for (const [to, handler] of handlers) {
          if (peers[to]!.silent) continue
          const answer = await handler({ name: query, body, from: name, deadline })
          if (answer !== undefined) answers.push({ member: to, body: answer, at: deadline })
        }
        return { answers, silent: [], unfinished: [] }
      },
    }
    const sealer = aesGcm(new Keyring(keys), modes)
    const saved: string[][] = []
    const save = async (next: readonly string[]) => {
      if (peers[name]!.broken !== undefined) throw new Error(peers[name]!.broken)
      saved.push([...next])
    }
    peers[name] = {
      keys: clusterKeys(node, { sealer, save }),
      sealer,
      saved,
      broken: undefined,
      silent: false,
    }
  }
  return peers as Record<'a' | 'b' | 'c', Peer>
}

const [old, next] = [generateKey(), generateKey(16)]
const [oldId, nextId] = [readKey(old).id, readKey(next).id]
const idsOf = (peers: Record<string, Peer>) => Object.values(peers).map(({ sealer }) => sealer.keyring.ids)

describe('a rotation through the cluster', () => {
  test('exchanges a key at all, step by step, each of which may be repeated', async () => {
    const peers = clusterOf(['a', 'b', 'c'], [old])
    const { a, b, c } = peers
    const all = { members: 3, missing: [], errors: {} }
    const held = (id: string, members: number, primary: number) => ({ id, members, primary, lacking: [] })
    const sorted = (...keys: { id: string }[]) => keys.sort((x, y) => (x.id < y.id ? -1 : 1))
    for (let i = 0; i < 2; i++) {
      expect(await a.keys.install(`${next}\n`)).toEqual({
        keys: sorted(held(oldId, 3, 3), held(nextId, 3, 0)),
        ...all,
      })
    }
    for (let i = 0; i < 2; i++) {
      expect(await b.keys.use(nextId)).toEqual({
        keys: sorted(held(oldId, 3, 0), held(nextId, 3, 3)),
        ...all,
      })
    }
    for (let i = 0; i < 2; i++) {
      expect(await c.keys.remove(oldId)).toEqual({ keys: [held(nextId, 3, 3)], ...all })
    }
    expect(await a.keys.list()).toEqual({ keys: [held(nextId, 3, 3)], ...all })
    expect(idsOf(peers)).toEqual([[nextId], [nextId], [nextId]])
    for (const { saved } of [a, b, c]) expect(saved).toEqual([[old, next], [next, old], [next]])
  })

  test('says how many have which, and who lacks it', async () => {
    const { a, b, c } = clusterOf(['a', 'b', 'c'], [old])
    b.keys.replace([next, old])
    c.silent = true
    const report = await a.keys.list()
    expect(report.keys.find(({ id }) => id === oldId)).toEqual({
      id: oldId,
      members: 2,
      primary: 1,
      lacking: [],
    })
    expect(report.keys.find(({ id }) => id === nextId)).toEqual({
      id: nextId,
      members: 1,
      primary: 1,
      lacking: ['a'],
    })
    expect(report).toMatchObject({ members: 2, missing: ['c'] })
  })

  test('is refused where it would cut somebody off, and changes nothing then', async () => {
    const peers = clusterOf(['a', 'b', 'c'], [old])
    const { a, b, c } = peers
    const refused = async (step: Promise<unknown>): Promise<RotationError> => {
      const before = idsOf(peers)
      const error = await step.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RotationError)
      expect(idsOf(peers)).toEqual(before)
      return error as RotationError
    }
    expect((await refused(a.keys.use(nextId))).message).toBe(
      `no member has a key ${nextId}: install it first`,
    )
    a.keys.replace([old, next])
    const lacking = await refused(a.keys.use(nextId))
    expect([lacking.message, lacking.members]).toEqual([
      `b, c would understand nobody who seals with ${nextId}: install it there first, or let them leave`,
      ['b', 'c'],
    ])
    await a.keys.install(next)
    b.silent = true
    expect((await refused(a.keys.use(nextId))).members).toEqual(['b'])
    b.silent = false
    expect((await refused(a.keys.remove(oldId))).message).toBe(
      `3 of 3 members still seal with ${oldId}: let all use another key first`,
    )
    a.keys.replace([next, old])
    c.keys.replace([next, old])
    expect((await refused(a.keys.remove(oldId))).message).toContain(`1 of 3 members still seal with ${oldId}`)
    b.silent = true
    expect((await refused(a.keys.remove(oldId))).message).toBe(
      `b may still seal with ${oldId}, and cannot be asked`,
    )
    b.silent = false
    b.keys.replace([next])
    await a.keys.remove(oldId)
    expect(idsOf(peers)).toEqual([[nextId], [nextId], [nextId]])
  })

  test('that fails at one member says at which and why, changes nothing there, and can be done again', async () => {
    const { a, b } = clusterOf(['a', 'b'], [old])
    b.broken = 'no space left on device'
    const report = await a.keys.install(next)
    expect(report.errors).toEqual({ b: 'no space left on device' })
    expect(report.keys.find(({ id }) => id === nextId)).toMatchObject({ members: 1, lacking: ['b'] })
    expect(b.sealer.keyring.ids).toEqual([oldId])
    b.broken = undefined
    expect((await a.keys.install(next)).errors).toEqual({})
    expect(b.saved).toEqual([[old, next]])
  })

  test('never loses a step to another at the same time', async () => {
    const peers = clusterOf(['a', 'b'], [old])
    const more = [generateKey(), generateKey(), generateKey()]
    await Promise.all([
      peers.a.keys.install(more[0]!),
      peers.b.keys.install(more[1]!),
      peers.a.keys.install(more[2]!),
    ])
    for (const { sealer, saved } of [peers.a, peers.b]) {
      expect([...sealer.keyring.ids].sort()).toEqual([oldId, ...more.map((key) => readKey(key).id)].sort())
      expect(saved.at(-1)).toHaveLength(4)
    }
  })

  test.each([{ verifyIncoming: false }, { verifyOutgoing: false }])(
    'is neither asked for nor taken from others with %o, as anybody could have said it',
    async (modes) => {
      const { a, b } = clusterOf(['a', 'b'], [old])
      Object.assign(a.sealer, modes)
      for (const step of [() => a.keys.install(next), () => a.keys.use(oldId), () => a.keys.remove(nextId)]) {
        await expect(step()).rejects.toThrow('only while all is sealed and nothing plain is let in')
      }
      const { errors } = await b.keys.install(next)
      expect(errors.a).toContain('only while all is sealed')
      expect(a.sealer.keyring.ids).toEqual([oldId])
      expect((await a.keys.list()).members).toBe(2)
    },
  )

  test('takes no key that is none, and shows none in what it says', async () => {
    const { a } = clusterOf(['a', 'b'], [old])
    await expect(a.keys.install('c2hvcnQ=')).rejects.toThrow('a key of 5 bytes')
    const report = JSON.stringify([await a.keys.install(next), await a.keys.use(nextId).catch(String)])
    for (const key of [old, next]) expect(report).not.toContain(key)
  })

  test('passes over what is no step and what is no answer', async () => {
    const handlers: QueryHandler[] = []
    const deadline = new Date(0)
    const answers = ['', 'null', '[]', '{"keys":"x"}', '{"keys":["not an id"]}', `{"keys":["${oldId}"]}`]
    const node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'> = {
      name: 'a',
      members: () => answers.map((_, i) => ({ name: `m${i}`, status: 'alive' }) as Member),
      onQuery: (_, handler) => {
        handlers.push(handler)
        return () => handlers.splice(0)
      },
      query: async () => ({
        answers: answers.map((text, i) => ({
          member: `m${i}`,
          body: new TextEncoder().encode(text),
          at: deadline,
        })),
        silent: [],
        unfinished: [],
      }),
    }
    const keys = clusterKeys(node, { sealer: aesGcm(new Keyring([old])) })
    expect(await keys.list()).toMatchObject({ members: 1, missing: ['m0', 'm1', 'm2', 'm3', 'm4'] })
    for (const text of ['', 'null', '{"do":"format"}', '{"do":"install","key":1}', '{"do":"use"}', '\xff']) {
      const body = new TextEncoder().encode(text)
      const answer = await handlers[0]!({ name: keysQuery, body, from: 'b', deadline })
      expect(JSON.parse(new TextDecoder().decode(answer))).toEqual({
        keys: [oldId],
        error: 'this build does not know that step',
      })
    }
    keys.close()
    expect(handlers).toEqual([])
  })
})
