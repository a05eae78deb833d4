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
  /** What the keys of each save were to take the place of. */
  readonly savedOver: string[][]
  /** What it was asked, the latest last. */
  readonly heard: string[]
  /** Asks it. */
  hear(body: string): Promise<{ keys: string[]; error?: string }>
  /** Is called when it has saved, before it goes on. */
  onSaved: () => void
  /** Milliseconds since 1970, by its clock. */
  clock: number
  /** Whether it is of a build that says no more than its keys. */
  older: boolean
  /** What is wrong with its disk. */
  broken: string | undefined
  /** Whether it answers. */
  silent: boolean
}

/** Nodes that ask each other, and nothing else. */
function clusterOf<Name extends string>(
  names: readonly Name[],
  keys: readonly string[],
  modes: SealingModes = {},
  clock = Date.UTC(2026, 0, 2),
) {
  const handlers = new Map<Name, QueryHandler>()
  // Has them all in the end.
  const peers = {} as Record<Name, Peer>
  const member = (name: string) => ({ name, status: 'alive' }) as Member
  const deadline = new Date(0)
  const hear = async (to: Name, from: string, body: Uint8Array) => {
    const peer = peers[to]
    peer.heard.push(new TextDecoder().decode(body))
    const answer = (await handlers.get(to)!({ name: keysQuery, body, from, deadline }))!
    if (!peer.older) return answer
    const { keys, error } = JSON.parse(new TextDecoder().decode(answer)) as { keys: string[]; error?: string }
    return new TextEncoder().encode(JSON.stringify({ keys, error }))
  }
  for (const name of names) {
    const node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'> = {
      name,
      members: () => names.map(member),
      onQuery: (query, handler) => {
        expect(query).toBe(keysQuery)
        handlers.set(name, handler)
        return () => handlers.delete(name)
      },
      query: async (_, body = new Uint8Array(0)) => {
        const answers = []
        for (const to of handlers.keys()) {
          if (peers[to].silent) continue
          answers.push({ member: to, body: await hear(to, name, body), at: deadline })
        }
        return { answers, silent: [], unfinished: [] }
      },
    }
    const sealer = aesGcm(new Keyring(keys), modes)
    const saved: string[][] = []
    const savedOver: string[][] = []
    const save = async (next: readonly string[], before: readonly string[]) => {
      if (peers[name].broken !== undefined) throw new Error(peers[name].broken)
      saved.push([...next])
      savedOver.push([...before])
      peers[name].onSaved()
    }
    peers[name] = {
      keys: clusterKeys(node, { sealer, save, wallMillis: () => peers[name]?.clock ?? clock }),
      sealer,
      saved,
      savedOver,
      heard: [],
      hear: async (body) =>
        JSON.parse(new TextDecoder().decode(await hear(name, 'b', new TextEncoder().encode(body)))),
      onSaved: () => undefined,
      clock,
      older: false,
      broken: undefined,
      silent: false,
    }
  }
  return peers
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
    for (const { saved, savedOver } of [a, b, c]) {
      expect(saved).toEqual([[old, next], [next, old], [next]])
      expect(savedOver).toEqual([[old], [old, next], [next, old]])
    }
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

  test('leaves keys that were replaced while it was saved, and saves them instead', async () => {
    const { a } = clusterOf(['a'], [old])
    const [fresh, fresher] = [generateKey(), generateKey()]
    const replacements = [fresh, fresher]
    a.onSaved = () => {
      const key = replacements.shift()
      if (key !== undefined) a.keys.replace([key])
    }
    const { errors } = await a.keys.install(next)
    expect(errors).toEqual({ a: 'the keys of this node were replaced meanwhile, and stay: ask again' })
    expect(a.sealer.keyring.ids).toEqual([readKey(fresher).id])
    expect(a.saved).toEqual([[old, next], [fresh], [fresher]])
    expect(a.savedOver).toEqual([[old], [old, next], [fresh]])
  })

  test('is done where what it has saved was read before it was on the ring', async () => {
    const { a } = clusterOf(['a'], [old])
    a.onSaved = () => a.keys.replace([old, next])
    expect((await a.keys.install(next)).errors).toEqual({})
    expect([a.sealer.keyring.ids, a.saved]).toEqual([[oldId, nextId], [[old, next]]])
  })

  test('sends a key to nobody while a member does not seal yet, says nothing of it, or does not answer', async () => {
    const { a, b, c, d, e } = clusterOf(['a', 'b', 'c', 'd', 'e'], [old])
    const refusal = async () => {
      const error = await a.keys.install(next).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RotationError)
      for (const { heard, sealer } of [a, b, c, d, e]) {
        expect(heard.join()).not.toContain(next)
        expect(sealer.keyring.ids).toEqual([oldId])
      }
      return [(error as RotationError).message, (error as RotationError).members]
    }
    b.sealer.verifyIncoming = false
    c.sealer.verifyOutgoing = false
    expect(await refusal()).toEqual([
      'the key could be sent in plain text: not all is sealed at b, c: seal all there and refuse what is plain, or let them leave',
      ['b', 'c'],
    ])
    Object.assign(b.sealer, { verifyIncoming: true })
    Object.assign(c.sealer, { verifyOutgoing: true })
    e.silent = true
    expect(await refusal()).toEqual([
      'the key could be sent in plain text: no answer from e: seal all there and refuse what is plain, or let them leave',
      ['e'],
    ])
    d.older = true
    expect((await refusal())[0]).toContain('not all is sealed at d, and no answer from e: ')
    Object.assign(d, { older: false })
    e.silent = false
    expect((await a.keys.install(next)).errors).toEqual({})
  })

  test('is taken within five minutes of the clock of a member, and later no more', async () => {
    const { a, b, c } = clusterOf(['a', 'b', 'c'], [old])
    const install = async (ahead: number, behind: number) => {
      const { clock } = a
      Object.assign(b, { clock: clock + ahead })
      Object.assign(c, { clock: clock - behind })
      return (await a.keys.install(generateKey())).errors
    }
    expect(await install(300_999, 300_000)).toEqual({})
    const why = 'what the clock here says, 300 s at most are allowed: clocks differ, or the request is old'
    expect(await install(301_000, 301_000)).toEqual({
      b: `asked for 301 s before ${why}`,
      c: `asked for 301 s after ${why}`,
    })
    expect([a, b, c].map(({ sealer }) => sealer.keyring.ids.length)).toEqual([3, 2, 2])
    expect((await a.keys.list()).members).toBe(3)
  })

  test('that was recorded does nothing at a node that has started since, nor at any when it is old', async () => {
    const { a, b } = clusterOf(['a', 'b'], [old])
    await a.keys.install(next)
    await a.keys.use(nextId)
    const recorded = b.heard.at(-1)!
    const third = generateKey()
    await a.keys.install(third)
    await a.keys.use(readKey(third).id)
    b.clock += 301_000
    expect((await b.hear(recorded)).error).toContain('the request is old')
    expect(b.sealer.keyring.primary.id).toBe(readKey(third).id)

    const started = clusterOf(['b'], [third, next], {}, a.clock + 2_000).b
    started.clock += 60_000
    expect((await started.hear(recorded)).error).toBe(
      'asked for 2 s before this node started, by its clock: clocks differ, or the request is old: ask again',
    )
    expect(started.sealer.keyring.primary.id).toBe(readKey(third).id)
    // Its clock was ahead when it started, and has been set right since.
    started.clock = a.clock + 1_000
    expect((await started.hear(recorded)).error).toBeUndefined()
  })

  test.each([{}, { at: '0' }, { at: 1e300 }, { at: 0.5 }])(
    'is not taken with %j for its time',
    async (at) => {
      const { a } = clusterOf(['a'], [old])
      expect(await a.hear(JSON.stringify({ do: 'install', key: next, ...at }))).toMatchObject({
        keys: [oldId],
        error: 'it does not say when it was asked for: ask by a newer build',
      })
    },
  )

  test.each([{ verifyIncoming: false }, { verifyOutgoing: false }])(
    'is neither asked for nor taken from others with %o, as anybody could have said it',
    async (modes) => {
      const { a } = clusterOf(['a', 'b'], [old])
      Object.assign(a.sealer, modes)
      for (const step of [() => a.keys.install(next), () => a.keys.use(oldId), () => a.keys.remove(nextId)]) {
        await expect(step()).rejects.toThrow('only while all is sealed and nothing plain is let in')
      }
      const at = Math.floor(a.clock / 1_000)
      for (const step of [{ key: next }, { do: 'use', id: nextId }, { do: 'remove', id: oldId }]) {
        const { error } = await a.hear(JSON.stringify({ do: 'install', at, ...step }))
        expect(error).toContain('only while all is sealed')
      }
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

  test('is looked at while a step is being saved', async () => {
    const { a } = clusterOf(['a'], [old])
    let seen: Promise<unknown> | undefined
    a.onSaved = () => {
      seen = a.keys.list()
    }
    await a.keys.install(next)
    expect(await seen).toMatchObject({ keys: [{ id: oldId }], members: 1 })
  })

  test('passes over what is no step and what is no answer', async () => {
    const handlers: QueryHandler[] = []
    const deadline = new Date(0)
    const ids = (count: number) =>
      Array.from({ length: count }, (_, i) => (i + 1).toString(16).padStart(8, '0'))
    const answers = [
      '',
      'null',
      '[]',
      '{"keys":"x"}',
      '{"keys":["not an id"]}',
      // More than a keyring holds, and one twice.
      JSON.stringify({ keys: ids(17) }),
      JSON.stringify({ keys: [oldId, oldId] }),
      JSON.stringify({ keys: ids(16) }),
      `{"keys":["${oldId}"],"error":"its own"}`,
    ]
    const nameOf = (i: number) => (i === answers.length - 1 ? '__proto__' : `m${i}`)
    const node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'> = {
      name: 'a',
      members: () => answers.map((_, i) => ({ name: nameOf(i), status: 'alive' }) as Member),
      onQuery: (_, handler) => {
        handlers.push(handler)
        return () => handlers.splice(0)
      },
      query: async () => ({
        answers: answers.map((text, i) => ({
          member: nameOf(i),
          body: new TextEncoder().encode(text),
          at: deadline,
        })),
        silent: [],
        unfinished: [],
      }),
    }
    const keys = clusterKeys(node, { sealer: aesGcm(new Keyring([old])) })
    const report = await keys.list()
    expect(report).toMatchObject({ members: 2, missing: ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6'] })
    expect(report.keys).toHaveLength(17)
    expect(Object.entries(report.errors)).toEqual([['__proto__', 'its own']])
    for (const text of ['', 'null', '{"do":"format"}', '{"do":"install","key":1}', '{"do":"use"}', '\xff']) {
      const body = new TextEncoder().encode(text)
      const answer = await handlers[0]!({ name: keysQuery, body, from: 'b', deadline })
      expect(JSON.parse(new TextDecoder().decode(answer))).toEqual({
        keys: [oldId],
        enforced: true,
        error: 'this build does not know that step',
      })
    }
    keys.close()
    expect(handlers).toEqual([])
  })
})
