import { describe, expect, test } from 'vitest'
import type { Broadcast, DirectMessage, IncomingQuery, QueryAnswer } from './api.ts'
import { OptionError, SendError, TooLargeError } from './errors.ts'
import { cluster, make, rejection, seed } from './testing/cluster.ts'
import { World } from './testing/world.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (body: Uint8Array): string => new TextDecoder().decode(body)

describe('broadcasting', () => {
  test('tells every node once, with who, when and in which order', async () => {
    const world = new World()
    const all = await cluster(world, 3)
    const heard: string[][] = all.map(() => [])
    const first: Broadcast[] = []
    all.forEach(({ node }, i) => {
      node.onBroadcast(({ body, from, name, time }) =>
        heard[i]!.push(`${time} ${from} ${name} ${text(body)}`),
      )
      node.onBroadcast((broadcast) => first.push(broadcast))
    })
    const at = world.host.wallMillis()
    await world.outcome(all[1]!.node.broadcast('deploy', bytes('v2')))
    await world.outcome(all[2]!.node.broadcast('done'))
    expect(heard).toEqual(all.map(() => ['1 n2 deploy v2', '2 n3 done ']))
    expect(Math.abs(first[0]!.toldAt.getTime() - at)).toBeLessThan(1_000)
  })

  test('keeps what it was given, whatever its caller does with it', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    const heard: string[] = []
    b!.node.onBroadcast(({ body }) => heard.push(text(body)))
    const body = bytes('before')
    const told = a!.node.broadcast('x', body)
    body.fill(0)
    await world.outcome(told)
    expect(heard).toEqual(['before'])
  })

  test('can be followed by an iteration, which is told how much it has missed when it was too slow', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    const feed = b!.node.broadcasts({ buffer: 3 })
    for (let i = 0; i < 6; i++) await world.outcome(a!.node.broadcast(`b${i}`))
    const taken: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const { value } = await feed.next()
      taken.push(value?.type === 'gap' ? value : value?.name)
    }
    expect(taken).toEqual([{ type: 'gap', missed: 4 }, 'b4', 'b5'])
    const next = feed.next()
    await world.outcome(a!.node.broadcast('b6'))
    expect((await next).value).toMatchObject({ type: 'broadcast', name: 'b6', from: 'n1' })
    await b!.node.stop()
    expect(await feed.next()).toEqual({ value: undefined, done: true })
  })

  test('refuses what is too large, or has no name, and tells nobody', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2, { settings: { maxEventBytes: 100 } })
    const heard: unknown[] = []
    b!.node.onBroadcast((broadcast) => heard.push(broadcast))
    expect(await rejection(a!.node.broadcast('name', new Uint8Array(97)))).toMatchObject({
      name: 'TooLargeError',
      bytes: 101,
      limit: 100,
    })
    expect(await rejection(a!.node.broadcast('two words'))).toBeInstanceOf(OptionError)
    expect(await rejection(a!.node.broadcast(''))).toBeInstanceOf(OptionError)
    await world.outcome(a!.node.broadcast('name', new Uint8Array(96)))
    expect(heard.length).toBe(1)
  })

  test('is not what a packet has no room for, whatever the setting says', async () => {
    const world = new World()
    const [a] = await cluster(world, 2, { settings: { maxEventBytes: 4_000 } })
    const error = await rejection(a!.node.broadcast('x', new Uint8Array(1_400)))
    expect(error).toBeInstanceOf(TooLargeError)
    expect((error as Error).message).toMatch(/^a packet with a broadcast would take 1\d\d\d bytes encoded/)
  })

  test('may be done by a handler, and one that throws harms nobody', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    const heard: string[] = []
    b!.node.onBroadcast(({ name }) => {
      if (name === 'ping') void b!.node.broadcast('pong')
      throw new Error('oh')
    })
    const stop = a!.node.onBroadcast(({ from, name }) => heard.push(`${from} ${name}`))
    await world.outcome(a!.node.broadcast('ping'))
    await world.run(2_000)
    expect(heard).toEqual(['n1 ping', 'n2 pong'])
    expect(b!.logged.filter((line) => line === 'error: a handler of broadcasts threw').length).toBe(2)
    stop()
    await world.outcome(b!.node.broadcast('later'))
    expect(heard.length).toBe(2)
  })

  test('is replayed to who joins with it', async () => {
    const world = new World()
    const [a] = await cluster(world, 2)
    await world.outcome(a!.node.broadcast('early'))
    const late = make(world, 9)
    const heard: string[] = []
    late.node.onBroadcast(({ name }) => heard.push(name))
    await late.node.start()
    await world.outcome(late.node.join([seed(a!)], { replay: true }))
    await world.run(1_000)
    expect(heard).toEqual(['early'])
  })

  test('ends with its signal, and with the node', async () => {
    const world = new World()
    const [a] = await cluster(world, 3)
    const reason = new Error('enough')
    expect(await rejection(a!.node.broadcast('x', undefined, { signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    )
    world.passes = () => false
    const told = rejection(a!.node.broadcast('y'))
    await a!.node.stop()
    expect(await told).toMatchObject({ name: 'StoppedError' })
    expect(await rejection(a!.node.broadcast('z'))).toMatchObject({ name: 'NodeStateError' })
  })
})

describe('sending', () => {
  test('reaches the one it is for', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    const heard: DirectMessage[] = []
    const stop = b!.node.onMessage((message) => heard.push(message))
    await world.outcome(a!.node.send('n2', bytes('over a stream')))
    await world.outcome(a!.node.send('n2', bytes('in a packet'), { reliable: false }))
    await world.run(100)
    expect(heard.map(({ body, from, reliable }) => [from, text(body), reliable])).toEqual([
      ['n1', 'over a stream', true],
      ['n1', 'in a packet', false],
    ])
    stop()
    await world.outcome(a!.node.send('n2', bytes('nobody listens')))
    expect(heard.length).toBe(2)
  })

  test('says why it could not be', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2, { settings: { maxMessageBytes: 1_000 } })
    const code = async (promise: Promise<void>): Promise<string> => {
      const error = await world.outcome(rejection(promise))
      expect(error).toBeInstanceOf(SendError)
      return `${(error as SendError).code}: ${(error as SendError).message}`
    }
    expect(await code(a!.node.send('nobody', bytes('x')))).toBe(
      'unknown-member: cannot send to "nobody": no member has that name',
    )
    await world.outcome(a!.node.send('n2', new Uint8Array(1_000)))
    expect(await rejection(a!.node.send('n2', new Uint8Array(1_001)))).toMatchObject({
      bytes: 1_001,
      limit: 1_000,
    })
    await b!.node.stop()
    expect(await code(a!.node.send('n2', bytes('x')))).toBe('refused: cannot send to "n2": refused')
  })

  test('of more than 256 at once is refused, and goes on when some have arrived', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    let heard = 0
    b!.node.onMessage(() => heard++)
    const sent = Array.from({ length: 300 }, (_, i) => rejection(a!.node.send('n2', bytes(`${i}`))))
    const errors = (await world.outcome(Promise.all(sent))).filter((each) => each instanceof SendError)
    expect(errors.map((error) => (error as SendError).code)).toEqual(new Array(44).fill('busy'))
    expect(heard).toBe(256)
    await world.outcome(a!.node.send('n2', bytes('again')))
    expect(heard).toBe(257)
  })
})

describe('asking', () => {
  test('gathers what all answer, now or later, and what they do not', async () => {
    const world = new World()
    const [a, b, c, d] = await cluster(world, 4)
    const asked: IncomingQuery[] = []
    a!.node.onQuery('version', () => bytes('1'))
    b!.node.onQuery('version', (query) => {
      asked.push(query)
      return bytes('2')
    })
    c!.node.onQuery(
      'version',
      () => new Promise((resolve) => void world.host.wake(world.host.now() + 300, () => resolve(bytes('3')))),
    )
    d!.node.onQuery('other', () => bytes('4'))
    const early: QueryAnswer[] = []
    const result = await world.outcome(
      a!.node.query('version', bytes('?'), { onAnswer: (answer) => early.push(answer) }),
    )
    expect(result.answers.map(({ body, member }) => `${member} ${text(body)}`)).toEqual([
      'n1 1',
      'n2 2',
      'n3 3',
    ])
    expect([result.silent, result.unfinished, early]).toEqual([[], [], result.answers])
    expect(asked).toMatchObject([{ name: 'version', from: 'n1', body: bytes('?') }])
    expect(asked[0]!.deadline.getTime() - world.host.wallMillis()).toBeLessThan(3_200)
  })

  test('asks those alone that are named, or have the tags', async () => {
    const world = new World()
    const all = await cluster(world, 4)
    for (const { node } of all) node.onQuery('who', () => bytes(node.name))
    await world.outcome(all[1]!.node.setTags({ zone: 'a', tier: 'web' }))
    await world.outcome(all[2]!.node.setTags({ zone: 'a' }))
    const { node } = all[0]!
    const who = async (options: object): Promise<readonly string[]> =>
      (await world.outcome(node.query('who', undefined, options))).answers
        .map(({ member }) => member)
        .toSorted()
    expect(await who({})).toEqual(['n1', 'n2', 'n3', 'n4'])
    expect(await who({ members: ['n3', 'n4'] })).toEqual(['n3', 'n4'])
    expect(await who({ tags: { zone: 'a' } })).toEqual(['n2', 'n3'])
    expect(await who({ tags: { zone: 'a', tier: 'web' } })).toEqual(['n2'])
    expect(await who({ tags: { zone: 'a' }, members: ['n1', 'n3'] })).toEqual(['n3'])
    expect(await who({ tags: { toString: 'x' } })).toEqual([])
  })

  test('ends with the names of those that were not heard, or were not done', async () => {
    const world = new World()
    const [a, b, c] = await cluster(world, 3)
    a!.node.onQuery('slow', () => bytes('1'))
    b!.node.onQuery('slow', () => new Promise(() => undefined))
    world.silent.add(3)
    await c!.node.stop()
    const result = await world.outcome(
      a!.node.query('slow', undefined, { timeout: 1_000, members: ['n1', 'n2', 'n3', 'nobody'] }),
    )
    expect([result.answers.map(({ member }) => member), result.silent, result.unfinished]).toEqual([
      ['n1'],
      ['n3', 'nobody'],
      ['n2'],
    ])
  })

  test('a handler that fails, or answers too much, has no answer, and says so in the log', async () => {
    const world = new World()
    const [a, b, c] = await cluster(world, 3)
    b!.node.onQuery('q', () => {
      throw new Error('oh')
    })
    c!.node.onQuery('q', () => new Uint8Array(65_537))
    a!.node.onQuery('fits', () => new Uint8Array(65_536))
    const { answers } = await world.outcome(b!.node.query('fits'))
    expect(answers.map(({ body }) => body.length)).toEqual([65_536])
    expect(await world.outcome(a!.node.query('q'))).toEqual({ answers: [], silent: [], unfinished: [] })
    const failed = 'error: the handler of queries called "q" failed'
    expect([b!.logged.includes(failed), c!.logged.includes(failed)]).toEqual([true, true])
  })

  test('as many as 256 at once; one more is busy', async () => {
    const world = new World()
    const [a] = await cluster(world, 2)
    const asked = Array.from({ length: 257 }, () => rejection(a!.node.query('q')))
    expect(await asked[256]).toMatchObject({
      name: 'SendError',
      code: 'busy',
      message: 'cannot ask "q": busy',
    })
    const ended = await world.outcome(Promise.all(asked.slice(0, 256)))
    expect(ended.filter((each) => each instanceof SendError)).toEqual([])
  })

  test('a name has one handler, which can be taken back', async () => {
    const world = new World()
    const [a] = await cluster(world, 1)
    const stop = a!.node.onQuery('q', () => bytes('1'))
    expect(() => a!.node.onQuery('q', () => bytes('2'))).toThrow('queries called "q" have a handler already')
    stop()
    a!.node.onQuery('q', () => bytes('2'))
    stop()
    const { answers } = await world.outcome(a!.node.query('q'))
    expect(answers.map(({ body }) => text(body))).toEqual(['2'])
  })

  test('refuses options that are out of range', async () => {
    const world = new World()
    const [a] = await cluster(world, 1)
    const problem = async (options: object, body = new Uint8Array()): Promise<string> =>
      String(await rejection(a!.node.query('q', body, options)))
    expect(await problem({ timeout: 9 })).toBe('OptionError: timeout is 9: must be 10..600000')
    expect(await problem({ members: new Array(65).fill('n1') })).toBe(
      'OptionError: a query names 65 members: at most 64 are allowed',
    )
    const most = {
      members: ['n1', ...Array.from({ length: 63 }, (_, i) => `m${i}`)],
      tags: Object.fromEntries(
        Array.from({ length: 16 }, (_, i) => [`k${i}`, i === 0 ? 'x'.repeat(255) : '']),
      ),
    }
    expect((await world.outcome(a!.node.query('q', new Uint8Array(511)))).silent).toEqual([])
    expect((await world.outcome(a!.node.query('q', undefined, most))).silent).toHaveLength(63)
    expect(await problem({ members: ['a b'] })).toMatch(/^OptionError: members "a b"/)
    expect(
      await problem({ tags: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) }),
    ).toBe('OptionError: a query asks for 17 tags: at most 16 are allowed')
    expect(await problem({ tags: { k: 'x'.repeat(256) } })).toBe(
      'OptionError: a tag of 256 bytes: at most 255 are allowed',
    )
    expect(await problem({}, new Uint8Array(512))).toMatch(/^TooLargeError: a query would take 513 bytes/)
  })

  test('ends with its signal, and with the node', async () => {
    const world = new World()
    const [a, b] = await cluster(world, 2)
    b!.node.onQuery('q', () => new Promise(() => undefined))
    const end = new AbortController()
    const reason = new Error('enough')
    const asked = rejection(a!.node.query('q', undefined, { signal: end.signal }))
    await world.run(100)
    end.abort(reason)
    expect(await world.outcome(asked)).toBe(reason)
    const stopped = rejection(a!.node.query('q'))
    await a!.node.stop()
    expect(await stopped).toMatchObject({ name: 'StoppedError' })
  })
})
