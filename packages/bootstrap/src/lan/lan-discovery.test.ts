import { describe, expect, it } from 'vitest'
import { FakeNetwork } from '../testing/fake-network.ts'
import { fractions } from '../testing/fractions.ts'
import { fakeHost, settle, VirtualTime } from '../testing/virtual-time.ts'
import { xorSealer } from '../testing/xor-sealer.ts'
import { Lan, LanError, type LanOptions, type LanPresence, lanDiscovery } from './lan-discovery.ts'
import { type LanMessage, lanFormat } from './lan-message.ts'

const time = () => {
  const clock = new VirtualTime()
  return { clock, network: new FakeNetwork(clock) }
}

let boots = 0

/** A process at 10.0.0.`number` that discovers. */
async function process(
  { clock, network }: ReturnType<typeof time>,
  number: number,
  more: Partial<LanPresence> & Partial<LanOptions> = {},
) {
  const { allow, port, sealer, ...told } = more
  const host = fakeHost(clock, fractions(++boots), `10.0.0.${number}`)
  const presence: LanPresence = {
    name: `n${number}`,
    address: `10.0.0.${number}:7946`,
    boot: boots.toString(16).padStart(16, '0'),
    active: 1,
    cluster: 'default',
    ...told,
  }
  const options = {
    host,
    ...(port === undefined ? {} : { port }),
    ...(sealer === undefined ? {} : { sealer }),
    ...(allow === undefined ? {} : { allow }),
  }
  const lan = new Lan(options, network.at(`10.0.0.${number}`))
  let shown: LanPresence | undefined = presence
  await lan.open(() => shown)
  return { lan, host, presence, hide: () => (shown = undefined) }
}

/** Asks, and lets the time pass that answers need. */
async function asked(clock: VirtualTime, lan: Lan): Promise<string[]> {
  const found = lan.ask()
  await clock.until(clock.now + 1_001)
  return (await found).map(({ name }) => name).sort()
}

describe('asking the local network', () => {
  it('finds all that are there, but not oneself, and each tells of itself', async () => {
    const world = time()
    const a = await process(world, 1)
    await process(world, 2, { active: 3 })
    await process(world, 3)
    const found = a.lan.ask()
    await world.clock.until(1_001)
    expect(await found).toEqual([
      { name: 'n2', address: '10.0.0.2:7946', boot: expect.any(String), active: 3 },
      { name: 'n3', address: '10.0.0.3:7946', boot: expect.any(String), active: 1 },
    ])
  })

  it('neither answers nor takes an answer of who is not allowed', async () => {
    const world = time()
    const a = await process(world, 1, { allow: ['10.0.0.1', '10.0.0.2/31'] })
    for (const number of [2, 3, 4]) await process(world, number)
    const stranger = await process(world, 5)
    expect(await asked(world.clock, a.lan)).toEqual(['n2', 'n3'])
    expect(a.lan.stats()).toMatchObject({ notAllowed: 2, answersHeard: 2 })
    expect(await asked(world.clock, stranger.lan)).toEqual(['n2', 'n3', 'n4'])
    expect(a.lan.stats()).toMatchObject({ questionsHeard: 0 })
    await expect(process(world, 6, { allow: ['10.0.0.1/8'] })).rejects.toThrow('bits set beyond')
  })

  it('finds several of one machine', async () => {
    const world = time()
    const a = await process(world, 1)
    await process(world, 1, { name: 'second', address: '10.0.0.1:7947' })
    expect(await asked(world.clock, a.lan)).toEqual(['second'])
  })

  it('a question that comes by two ways is answered once', async () => {
    const world = time()
    const a = await process(world, 1)
    const b = await process(world, 2)
    await asked(world.clock, a.lan)
    expect(world.network.sent.map(({ to }) => to)).toEqual(['10.0.0.255', '255.255.255.255', '10.0.0.1'])
    expect(b.lan.stats()).toMatchObject({ questionsHeard: 1, repeated: 1, answersSent: 1 })
  })

  it('looks at the networks anew each time', async () => {
    const world = time()
    const a = await process(world, 1)
    a.host.networks.push({ name: 'eth1', address: '10.7.0.1', prefix: 16, internal: false })
    await asked(world.clock, a.lan)
    expect(world.network.sent.map(({ to }) => to)).toEqual(['10.0.0.255', '10.7.255.255', '255.255.255.255'])
  })

  it('remembers who has asked and is alone, for half a minute', async () => {
    const world = time()
    const a = await process(world, 1)
    const b = await process(world, 2)
    const c = await process(world, 3, { active: 2 })
    await asked(world.clock, b.lan)
    await asked(world.clock, c.lan)
    expect(a.lan.callers().map(({ name }) => name)).toEqual(['n2'])
    await world.clock.until(30_100)
    expect(a.lan.callers()).toEqual([])
  })

  it('of many members a few answer', async () => {
    const world = time()
    const a = await process(world, 1)
    for (let i = 2; i < 102; i++) await process(world, i, { active: 100 })
    const counts: number[] = []
    for (let round = 0; round < 50; round++) counts.push((await asked(world.clock, a.lan)).length)
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    expect(mean).toBeGreaterThan(3)
    expect(mean).toBeLessThan(5)
    expect(Math.max(...counts)).toBeLessThan(15)
  })

  it('who cannot be told of, as it has left, neither asks nor answers', async () => {
    const world = time()
    const a = await process(world, 1)
    const b = await process(world, 2)
    b.hide()
    expect(await asked(world.clock, a.lan)).toEqual([])
    expect(await b.lan.ask()).toEqual([])
    expect(world.network.sent).toHaveLength(2)
  })

  it('fails where nobody can be asked, and works again later', async () => {
    const world = time()
    const a = await process(world, 1)
    await process(world, 2)
    world.network.refusal = new Error('send EPERM')
    await expect(a.lan.ask()).rejects.toThrow(new LanError('cannot ask at UDP port 7947: send EPERM'))
    world.network.refusal = undefined
    expect(await asked(world.clock, a.lan)).toEqual(['n2'])
    expect(world.clock.idle).toBe(true)
  })

  it('on a machine that has no network but loopback says so to who is not on it', async () => {
    const world = time()
    const a = await process(world, 1, { address: '127.0.0.1:7946' })
    a.host.networks.splice(0)
    await expect(a.lan.ask()).rejects.toThrow('no network of this machine has a broadcast address')
  })

  it('ends at once when it is closed, with what has come, and leaves nothing open', async () => {
    const world = time()
    const a = await process(world, 1)
    const b = await process(world, 2)
    const found = a.lan.ask()
    await world.clock.until(500)
    await a.lan.close()
    await a.lan.close()
    expect((await found).map(({ name }) => name)).toEqual(['n2'])
    await b.lan.close()
    expect([world.clock.idle, world.network.open]).toEqual([true, 0])
    expect(await a.lan.ask()).toEqual([])
  })

  it('that is closed while it opens leaves nothing open', async () => {
    const world = time()
    const lan = new Lan({ host: fakeHost(world.clock) }, world.network.at('10.0.0.1'))
    const opening = lan.open(() => undefined)
    await lan.close()
    await opening
    expect(world.network.open).toBe(0)
  })

  it('a port that cannot be had is told', async () => {
    const { clock } = time()
    const lan = new Lan({ host: fakeHost(clock), port: 5 }, async () => {
      throw new Error('bind EACCES 0.0.0.0:5')
    })
    await expect(lan.open(() => undefined)).rejects.toThrow(
      new LanError('cannot use UDP port 5: bind EACCES 0.0.0.0:5'),
    )
  })

  it.each([{ port: 0 }, { port: 65_536 }, { port: 1.5 }, { wait: 9 }, { wait: 60_001 }])(
    'refuses the options %o',
    (options) => {
      expect(() => lanDiscovery({ host: fakeHost(new VirtualTime()), ...options })).toThrow(RangeError)
    },
  )
})

describe('what does not belong is ignored and counted', () => {
  /** Lets a message arrive that some process has sent to the port that all share, or to the one of its own. */
  async function arrive(
    world: ReturnType<typeof time>,
    bytes: Uint8Array,
    { from = '10.0.0.9', port = 7_947 } = {},
  ) {
    world.network.inject(bytes, { host: from, port: 5_555 }, { host: '10.0.0.1', port })
    await world.clock.until(world.clock.now + 2)
  }

  const message = (more: Partial<LanMessage['from']> = {}, kind: LanMessage['kind'] = 'question') => ({
    kind,
    nonce: 7n,
    from: { name: 'eve', address: '10.0.0.9:7946', boot: 'eeeeeeeeeeeeeeee', active: 1, ...more },
  })
  const plain = lanFormat('default', undefined)

  it.each([
    ['noise', Uint8Array.of(1, 2, 3), 'malformed'],
    ['a later version', plain.encode(message()).with(1, 9), 'version'],
    ['another cluster', lanFormat('other', undefined).encode(message()), 'cluster'],
    ['something sealed', lanFormat('default', xorSealer(5)).encode(message()), 'forged'],
    ['an answer that nobody waits for', plain.encode(message({}, 'answer')), 'unasked'],
    ['a process on loopback', plain.encode(message({ address: '127.0.0.1:1' })), 'unreachable'],
  ] as const)('%s', async (_, bytes, counter) => {
    const world = time()
    const a = await process(world, 1)
    await arrive(world, bytes)
    expect(a.lan.stats()).toMatchObject({ [counter]: 1, answersSent: 0, questionsHeard: 0 })
    expect(a.lan.callers()).toEqual([])
  })

  it('a question from another network', async () => {
    const world = time()
    const a = await process(world, 1)
    await arrive(world, plain.encode(message()), { from: '10.0.1.9' })
    expect(a.lan.stats()).toMatchObject({ distant: 1, answersSent: 0 })
  })

  it('a question to the port that is for answers', async () => {
    const world = time()
    const a = await process(world, 1)
    await arrive(world, plain.encode(message()), { port: 40_000 })
    expect(a.lan.stats()).toMatchObject({ unasked: 1, answersSent: 0 })
  })

  it('an answer with a number that was guessed, and one to the port that all share', async () => {
    const world = time()
    const a = await process(world, 1)
    const found = a.lan.ask()
    await settle()
    await arrive(world, plain.encode(message({}, 'answer')), { port: 40_000 })
    const { nonce } = plain.decode(world.network.sent[0]!.bytes) as LanMessage
    await arrive(world, plain.encode({ ...message({}, 'answer'), nonce }))
    await world.clock.until(1_100)
    expect([await found, a.lan.stats().unasked]).toEqual([[], 2])
  })

  it('all that has no seal, where there is a key', async () => {
    const world = time()
    const a = await process(world, 1, { sealer: xorSealer(5) })
    await process(world, 2)
    await process(world, 3, { sealer: xorSealer(6) })
    await process(world, 4, { sealer: xorSealer(5) })
    expect(await asked(world.clock, a.lan)).toEqual(['n4'])
    await arrive(world, plain.encode(message()))
    expect(a.lan.stats().forged).toBe(1)
  })

  it('more than ten questions a second, however many ask', async () => {
    const world = time()
    const a = await process(world, 1)
    for (let i = 0; i < 50; i++) {
      const asker = plain.encode({ ...message({ boot: i.toString(16).padStart(16, 'e') }), nonce: BigInt(i) })
      world.network.inject(asker, { host: '10.0.0.9', port: 5_555 }, { host: '10.0.0.1', port: 7_947 })
    }
    await world.clock.until(10)
    expect(a.lan.stats()).toMatchObject({ answersSent: 10, answersDropped: 40 })
    expect(a.lan.callers()).toHaveLength(16)
    await world.clock.until(1_010)
    await arrive(world, plain.encode({ ...message(), nonce: 1_000n }))
    expect(a.lan.stats().answersSent).toBe(11)
  })

  it('packets above 500 a second, which keep no answers away', async () => {
    const world = time()
    const a = await process(world, 1)
    await process(world, 2)
    const found = a.lan.ask()
    await world.clock.until(100)
    const noise = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const packet = Uint8Array.of(i)
        world.network.inject(packet, { host: '10.0.0.9', port: 5_555 }, { host: '10.0.0.1', port: 7_947 })
      }
    }
    noise(500)
    await world.clock.until(101)
    expect(a.lan.stats()).toMatchObject({ malformed: 500, packetsDropped: 0 })
    noise(200)
    await world.clock.until(102)
    expect(a.lan.stats()).toMatchObject({ malformed: 500, packetsDropped: 200 })
    await world.clock.until(1_010)
    expect(await found).toHaveLength(1)
  })

  it('a question that came before, as long as no 256 others have come since', async () => {
    const world = time()
    const a = await process(world, 1)
    let others = 0
    /** Whether the first question is known again, as many others later. */
    const known = async (count: number): Promise<boolean> => {
      const first = plain.encode({ ...message(), nonce: BigInt(1_000_000 + others) })
      await arrive(world, first)
      for (let i = 0; i < count; i++) {
        await arrive(world, plain.encode({ ...message(), nonce: BigInt(++others) }))
      }
      const { repeated } = a.lan.stats()
      await arrive(world, first)
      return a.lan.stats().repeated === repeated + 1
    }
    expect([await known(255), await known(256)]).toEqual([true, false])
  })

  it('answers beyond 64 of a question, and a fifth question at once', async () => {
    const world = time()
    const a = await process(world, 1)
    const found = a.lan.ask()
    await settle()
    const { nonce } = plain.decode(world.network.sent[0]!.bytes) as LanMessage
    for (let i = 0; i < 100; i++) {
      const answer = { ...message({ boot: i.toString(16).padStart(16, 'e') }, 'answer'), nonce }
      world.network.inject(
        plain.encode(answer),
        { host: '10.0.0.9', port: 5_555 },
        { host: '10.0.0.1', port: 40_000 },
      )
    }
    const more = [a.lan.ask(), a.lan.ask(), a.lan.ask(), a.lan.ask()]
    await settle()
    expect(a.lan.stats().questionsSent).toBe(4)
    await world.clock.until(1_100)
    expect((await found).length).toBe(64)
    expect(await Promise.all(more)).toEqual([[], [], [], []])
  })
})
