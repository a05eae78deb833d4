import { NodeStateError, OptionError } from '@swimkit/core'
import { describe, expect, it } from 'vitest'
import { bootstrap } from './bootstrap.ts'
import { SeedError } from './seeds/seed.ts'
import { FakeNode, fakeMember } from './testing/fake-node.ts'
import { addressesOf, type Entry, FakeWorld, type WorldNode } from './testing/fake-world.ts'
import { fakeHost, settle, VirtualTime } from './testing/virtual-time.ts'

const messages = ({ log }: WorldNode): string[] => log.map(({ message }) => message)
const joinedBy = ({ log }: WorldNode): unknown[] =>
  log.filter(({ message }: Entry) => message === 'joined').map(({ fields }) => fields?.by)

describe('a node that is alone tries', () => {
  it('seeds, and nobody else where one introduces it', async () => {
    const world = new FakeWorld()
    for (const number of [2, 3, 4]) world.start(number, {})
    const node = world.start(1, { seeds: addressesOf(2), remembered: addressesOf(3), lan: true })
    await world.time.until(2_000)
    expect([node.joins, joinedBy(node), node.search.state]).toEqual([[addressesOf(2)], ['seeds'], 'joined'])
    expect(node.lan!.stats().questionsSent).toBe(0)
    await world.end()
  })

  it('the last snapshot where no seed introduces it', async () => {
    const world = new FakeWorld()
    for (const number of [3, 4]) world.start(number, { lan: true })
    const node = world.start(1, { seeds: addressesOf(2), remembered: addressesOf(3), lan: true })
    await world.time.until(500)
    expect(node.joins).toEqual([addressesOf(2), addressesOf(3)])
    expect(joinedBy(node)).toEqual(['the last snapshot'])
    expect(node.lan!.stats().questionsSent).toBe(0)
    await world.end()
  })

  it('the local network where nobody of either answers, and says what it has tried', async () => {
    const world = new FakeWorld()
    const node = world.start(1, { seeds: addressesOf(2), remembered: addressesOf(3), lan: true })
    world.start(4, { lan: true })
    await world.time.until(3_000)
    expect(node.joins).toEqual([addressesOf(2), addressesOf(3), addressesOf(4)])
    expect(messages(node)).toEqual(['seed does not answer', 'nobody of the last snapshot answers', 'joined'])
    expect(node.log[1]?.fields).toEqual({ tried: '10.0.0.3:7946', of: 1 })
    expect(joinedBy(node)).toEqual(['the local network'])
    await world.end()
  })

  it('five of those whom the snapshot names, others each time, and never itself', async () => {
    const world = new FakeWorld()
    const remembered = addressesOf(...Array.from({ length: 50 }, (_, i) => i + 1))
    const node = world.start(1, { remembered })
    await world.time.until(120_000)
    expect(node.joins.length).toBeGreaterThan(5)
    expect(new Set(node.joins.map(({ length }) => length))).toEqual(new Set([5]))
    const tried = new Set(node.joins.flat())
    expect(tried.size).toBeGreaterThan(20)
    expect(tried).not.toContain('10.0.0.1:7946')
    expect(node.search.state).toBe('searching')
    expect(messages(node)).toEqual(['nobody of the last snapshot answers'])
    await world.end()
  })

  it('those who are alone and ask, though they do not answer', async () => {
    const world = new FakeWorld()
    // Of the two only the second hears the first, whose questions are therefore never answered in time.
    world.network.passes = (from, to) => from === '10.0.0.1' || to !== '10.0.0.1'
    world.start(1, { lan: true })
    const second = world.start(2, { lan: true })
    await world.time.until(5_000)
    expect(second.names).toEqual(['n1', 'n2'])
    expect(joinedBy(second)).toEqual(['the local network'])
    await world.end()
  })

  it('no longer once somebody else has joined it while it asked', async () => {
    const world = new FakeWorld()
    const node = world.start(1, { lan: true })
    await world.time.until(500)
    world.start(2, { seeds: addressesOf(1) })
    await world.time.until(2_000)
    expect([node.search.state, node.names]).toEqual(['joined', ['n1', 'n2']])
    expect(node.log.map(({ fields, message }) => [message, fields])).toEqual([
      ['joined', { through: 'another member' }],
    ])
    await world.end()
  })

  it('at most three of those on the network who answer', async () => {
    const world = new FakeWorld()
    for (let number = 2; number < 12; number++) world.start(number, { lan: true, cluster: 'default' })
    await world.time.until(20_000)
    const node = world.start(1, { lan: true })
    await world.time.until(22_000)
    expect(node.joins.map(({ length }) => length <= 3)).toEqual([true])
    expect(node.names).toHaveLength(11)
    await world.end()
  })

  it('nobody where there is nothing but itself', async () => {
    const world = new FakeWorld()
    const node = world.start(1, { remembered: addressesOf(1) })
    await node.search.done
    expect(messages(node)).toEqual(['no seeds: this node forms a cluster of one, and others may join'])
    expect([node.search.state, world.time.idle]).toEqual(['alone', true])
    // Seeds that come later are looked at.
    world.start(2, {})
    node.search.replace(addressesOf(2))
    await world.time.until(10)
    expect(node.names).toEqual(['n1', 'n2'])
    await world.end()
  })
})

describe('the state is', () => {
  it('searching until the network was asked, then alone, in one line', async () => {
    const world = new FakeWorld()
    const node = world.start(1, { lan: true })
    await world.time.until(900)
    expect([node.search.state, node.log]).toEqual(['searching', []])
    await world.time.until(60_000)
    expect(node.search.state).toBe('alone')
    expect(messages(node)).toEqual([
      'no seeds, and nobody answers on the local network (UDP port 7947): this node forms a cluster of one, and others may join',
    ])
    await world.end()
  })

  it('searching for as long as a seed or the snapshot lets others be expected', async () => {
    const world = new FakeWorld()
    const a = world.start(1, { seeds: addressesOf(9), lan: true })
    const b = world.start(2, { remembered: addressesOf(9), cluster: 'other', lan: true })
    await world.time.until(100_000)
    expect([a.search.state, b.search.state]).toEqual(['searching', 'searching'])
    await world.end()
  })
})

describe('what does not work is said', () => {
  it('once where the port cannot be had, and the rest goes on', async () => {
    const world = new FakeWorld()
    world.network.at = () => async () => {
      throw new Error('bind EADDRINUSE 0.0.0.0:7947')
    }
    world.start(2, {})
    const node = world.start(1, { seeds: addressesOf(3), lan: true })
    await world.time.until(100_000)
    expect(node.log.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the local network is neither asked nor answered'],
      ['warn', 'seed does not answer'],
    ])
    expect(node.log[0]?.fields?.reason).toBe('cannot use UDP port 7947: bind EADDRINUSE 0.0.0.0:7947')
    node.search.replace(addressesOf(2))
    await world.time.until(100_010)
    expect(node.names).toEqual(['n1', 'n2'])
    await world.end()
  })

  it('once in ten minutes where the network cannot be asked', async () => {
    const world = new FakeWorld()
    world.network.refusal = new Error('send EACCES')
    const node = world.start(1, { lan: true })
    await world.time.until(1_000_000)
    const warnings = node.log.filter(({ level }) => level === 'warn')
    expect(warnings.map(({ message }) => message)).toEqual([
      'the local network cannot be asked',
      'the local network cannot be asked',
    ])
    expect(warnings[0]?.fields).toEqual({ reason: 'cannot ask at UDP port 7947: send EACCES' })
    await world.end()
  })

  it.each([
    ['busy', 'warn', 'seed could not be joined', undefined],
    ['forged', 'warn', 'seed could not be joined', undefined],
    ['reset', 'warn', 'seed does not answer', undefined],
    ['no-key', 'error', 'join refused: no-key', 'give this one the key file'],
    ['unknown-key', 'error', 'join refused: unknown-key', 'give both the same key file'],
    ['plain', 'error', 'join refused: plain', '--verify-incoming false'],
    ['sealed', 'error', 'join refused: sealed', 'compare their key files'],
  ])('of a seed that fails as %s, at the level %s', async (code, level, message, advice) => {
    const world = new FakeWorld()
    const node = world.start(1, { seeds: addressesOf(2) })
    node.join = async () => ({
      joined: [],
      failed: [{ seed: '10.0.0.2:7946', code, message: 'as it says' }],
    })
    await world.time.until(1_000)
    expect(node.log[0]).toMatchObject({ level, message })
    if (advice !== undefined) expect(String(node.log[0]?.fields?.advice)).toContain(advice)
    await world.end()
  })

  it('with advice where somebody of the snapshot refuses for a reason that lasts', async () => {
    const world = new FakeWorld()
    const node = world.start(1, { remembered: addressesOf(2) })
    node.join = async () => ({
      joined: [],
      failed: [{ seed: '10.0.0.2:7946', code: 'cluster-mismatch', message: 'cluster is "b", ours is "a"' }],
    })
    await world.time.until(1_000)
    expect(messages(node)).toEqual(['join refused: cluster-mismatch', 'nobody of the last snapshot answers'])
    await world.end()
  })
})

it('a node that is with others and has nobody to look for is not said to be alone', () => {
  const node = new FakeNode()
  node.list.push(fakeMember('bob'))
  expect(bootstrap(node, { host: fakeHost(new VirtualTime()) }).state).toBe('joined')
})

describe('it all ends', () => {
  it.each([0, 500, 1_500, 20_000, 70_000])('with the signal, %i ms after the start', async (after) => {
    const world = new FakeWorld()
    const nodes = [1, 2, 3].map((number) => world.start(number, { lan: true, seeds: addressesOf(9) }))
    await world.time.until(after)
    for (const { end } of nodes) end.abort()
    await settle()
    // A join under way takes its time.
    await world.time.until(after + 5)
    await Promise.all(nodes.map(({ search }) => search.done))
    expect([world.time.idle, world.network.open]).toEqual([true, 0])
  })

  it('with the node', async () => {
    const world = new FakeWorld()
    const nodes = [1, 2, 3].map((number) => world.start(number, { lan: true, remembered: addressesOf(9) }))
    await world.time.until(10_000)
    for (const node of nodes) node.stop()
    await Promise.all(nodes.map(({ search }) => search.done))
    expect([world.time.idle, world.network.open]).toEqual([true, 0])
  })

  it('with a signal that was given before', async () => {
    const node = new FakeNode()
    const time = new VirtualTime()
    const signal = AbortSignal.abort()
    await bootstrap(node, { host: fakeHost(time), seeds: addressesOf(2), signal }).done
    expect([node.joins, time.idle]).toEqual([[], true])
  })

  it('with a name that is found to be taken on the local network', async () => {
    const world = new FakeWorld()
    const conflicts: unknown[] = []
    const node = world.start(1, { lan: true, onConflict: (error) => conflicts.push(error) })
    world.start(2, { lan: true })
    const taken = Object.assign(new Error('the name is taken'), { name: 'NameConflictError' })
    node.join = async () => {
      throw taken
    }
    await world.time.until(2_000)
    await node.search.done
    expect([conflicts, world.network.open]).toEqual([[taken], 1])
    await world.end()
  })
})

it('a node that has left is not told of, asks nobody, and is found again once it is back', async () => {
  const world = new FakeWorld()
  const node = world.start(1, { lan: true })
  await world.time.until(2_000)
  const before = node.lan!.stats().questionsSent
  node.state = 'left'
  const other = world.start(2, { lan: true })
  await world.time.until(60_000)
  expect([other.names, node.lan!.stats().questionsSent]).toEqual([['n2'], before])
  node.state = 'running'
  await world.time.until(150_000)
  expect(node.names).toEqual(['n1', 'n2'])
  await world.end()
})

describe('refused are', () => {
  const host = fakeHost(new VirtualTime())

  it('a node that was not started', () => {
    const node = new FakeNode()
    node.state = 'new'
    expect(() => bootstrap(node, { host })).toThrow(NodeStateError)
  })

  it('what is no seed, also later, when it changes nothing', () => {
    expect(() => bootstrap(new FakeNode(), { host, seeds: ['10.0.0.5:79460'] })).toThrow(
      new SeedError('10.0.0.5:79460'),
    )
    const search = bootstrap(new FakeNode(), { host })
    expect(() => search.replace(['10.0.0.5:1', ':1'])).toThrow(SeedError)
    expect(search.seeds).toEqual([])
  })

  it.each([999, 86_400_001, Number.NaN])('to look at the seeds every %d ms', (refresh) => {
    expect(() => bootstrap(new FakeNode(), { host, refresh })).toThrow(OptionError)
  })
})
