import type { LogLevel } from '@swimkit/core'
import { describe, expect, it } from 'vitest'
import { exponentialBackoff } from './backoff.ts'
import { bootstrap } from './bootstrap.ts'
import { type Resolver, resolveSeed } from './seeds/resolve.ts'
import { parseSeed, type Seed } from './seeds/seed.ts'
import { FakeNode, fakeMember } from './testing/fake-node.ts'
import { fakeHost, settle, VirtualTime } from './testing/virtual-time.ts'

const seeds = (...texts: string[]): Seed[] => texts.map((text) => parseSeed(text)!)

/** Names and what they stand for; a name that is missing does not resolve. */
function resolverOf(
  names: Record<string, string[]>,
  services: Record<string, { name: string; port: number }[]> = {},
): Resolver {
  const find = async <T>(table: Record<string, T>, name: string): Promise<T> => {
    const found = table[name]
    if (!found) throw new Error(`getaddrinfo ENOTFOUND ${name}`)
    return found
  }
  return { addresses: (name) => find(names, name), services: (name) => find(services, name) }
}

function run(texts: string[], names: Record<string, string[]> = {}, random = () => 0.5) {
  const node = new FakeNode()
  node.joinResult = { joined: [], failed: [{ seed: '10.0.0.2:7946', code: 'timeout', message: 'no answer' }] }
  const clock = new VirtualTime()
  const log: { level: LogLevel; message: string; fields: Readonly<Record<string, unknown>> | undefined }[] =
    []
  const end = new AbortController()
  const conflicts: unknown[] = []
  const search = bootstrap(node, {
    host: fakeHost(clock, random),
    seeds: texts,
    resolver: resolverOf(names),
    logger: { enabled: () => true, log: (level, message, fields) => log.push({ level, message, fields }) },
    signal: end.signal,
    onConflict: (error) => conflicts.push(error),
  })
  return { node, clock, log, end, search, conflicts }
}

describe('backoff', () => {
  it('doubles from 1 s to 30 s, half of it drawn, and starts again', () => {
    const low = exponentialBackoff(1_000, 30_000, () => 0)
    expect(Array.from({ length: 7 }, () => low.next())).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ])
    low.reset()
    expect(low.next()).toBe(500)
    const high = exponentialBackoff(1_000, 30_000, () => 1)
    expect(Array.from({ length: 7 }, () => high.next())).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ])
  })
})

describe('a seed stands for', () => {
  const signal = new AbortController().signal
  it.each([
    ['10.0.0.2:5', ['10.0.0.2:5']],
    ['10.0.0.2', ['10.0.0.2:7946']],
    ['[2001:DB8::1]:5', ['[2001:db8::1]:5']],
    ['dns+swim:5', ['10.0.0.2:5', '[2001:db8::1]:5']],
    ['swim:5', ['10.0.0.2:5', '[2001:db8::1]:5']],
    ['dnssrv+_swim._udp.local', ['10.0.0.2:1', '[2001:db8::1]:1', '10.0.0.3:2']],
  ])('%s: %j', async (text, addresses) => {
    const resolver = resolverOf(
      { swim: ['10.0.0.2', '2001:db8::1', '10.0.0.2', 'fe80::1%eth0'], other: ['10.0.0.3'] },
      {
        '_swim._udp.local': [
          { name: 'swim', port: 1 },
          { name: 'other', port: 2 },
          { name: 'gone', port: 3 },
        ],
      },
    )
    expect(await resolveSeed(parseSeed(text)!, resolver, signal)).toEqual(addresses)
  })

  it('nothing, where no target of its records resolves', async () => {
    const resolver = resolverOf({}, { s: [{ name: 'gone', port: 3 }] })
    await expect(resolveSeed(parseSeed('dnssrv+s')!, resolver, signal)).rejects.toThrow('ENOTFOUND gone')
  })
})

describe('a search among seeds', () => {
  it('without seeds does nothing and says so once', async () => {
    const { node, clock, log, search } = run([])
    await search.done
    expect(search.state).toBe('alone')
    expect(node.joins).toEqual([])
    expect(clock.waits).toEqual([])
    expect(log.map(({ message }) => message)).toEqual([
      'no seeds: this node forms a cluster of one, and others may join',
    ])
  })

  it('tries a seed that never answers for life, ever more slowly', async () => {
    const { node, clock, search, end, log } = run(['10.0.0.2:7946'])
    for (let i = 0; i < 9; i++) await clock.next()
    expect(clock.waits.slice(0, 9)).toEqual([
      750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500,
    ])
    expect(node.joins).toHaveLength(10)
    expect(search.state).toBe('searching')
    end.abort()
    await search.done
    expect(log.map(({ message }) => message)).toEqual(['seed does not answer'])
  })

  it('mentions a seed again when it fails in another way, and every 10 minutes', async () => {
    const { node, clock, search, end, log } = run(['10.0.0.2:7946'])
    await settle()
    node.joinResult = { joined: [], failed: [{ seed: '10.0.0.2:7946', code: 'refused', message: 'nobody' }] }
    while (clock.now < 570_000) await clock.next()
    expect(log.map(({ fields }) => fields?.code)).toEqual(['timeout', 'refused'])
    while (clock.now < 630_000) await clock.next()
    expect(log.map(({ fields }) => fields?.code)).toEqual(['timeout', 'refused', 'refused'])
    end.abort()
    await search.done
  })

  it('hands the addresses to the node, which goes on trying by itself', async () => {
    const { node, end, search } = run(['swim:5'], { swim: ['10.0.0.2', '10.0.0.3'] })
    await settle()
    expect(node.seeds).toEqual([['10.0.0.2:5', '10.0.0.3:5']])
    end.abort()
    await search.done
  })

  it('resolves anew at each attempt: a name that failed at start is found later', async () => {
    const names: Record<string, string[]> = {}
    const { node, clock, log, search, end } = run(['swim:5'], names)
    await settle()
    expect(node.joins).toEqual([])
    expect(log[0]).toMatchObject({
      level: 'warn',
      message: 'seed does not resolve',
      fields: { seed: 'swim:5' },
    })
    names.swim = ['10.0.0.9']
    node.joinResult = { joined: ['10.0.0.9:5'], failed: [] }
    await clock.next()
    expect(search.state).toBe('joined')
    end.abort()
    await search.done
  })

  it('once joined looks again about every 60 s, and takes up a changed address', async () => {
    const names: Record<string, string[]> = { swim: ['10.0.0.2'] }
    const { node, clock, search, end } = run(['swim:5'], names)
    node.joinResult = { joined: ['10.0.0.2:5'], failed: [] }
    node.list.push(fakeMember('bob'))
    await settle()
    expect(search.state).toBe('joined')
    names.swim = ['10.0.0.7']
    await clock.next()
    await clock.next()
    expect(clock.waits).toEqual([60_000, 60_000, 60_000])
    expect(node.seeds.at(-1)).toEqual(['10.0.0.7:5'])
    expect(node.joins).toEqual([])
    end.abort()
    await search.done
  })

  it('joins again, with short waits, when everybody else is gone', async () => {
    const { node, clock, search, end } = run(['10.0.0.2:7946'])
    node.list.push(fakeMember('bob'))
    await settle()
    node.list.pop()
    await clock.next()
    await clock.next()
    expect(clock.waits).toEqual([60_000, 750, 1_500])
    expect(node.joins).toHaveLength(2)
    end.abort()
    await search.done
  })

  it('takes a list of nothing but itself for a cluster of one, in one line', async () => {
    const { node, clock, search, end, log } = run(['127.0.0.1:7946', 'me:7946'], {
      me: ['127.0.0.1', '10.0.0.2'],
    })
    node.joinResult = { joined: [], failed: [{ seed: '10.0.0.2:7946', code: 'timeout', message: '' }] }
    await clock.next()
    expect(search.state).toBe('alone')
    expect(log).toHaveLength(1)
    expect(log[0]?.message).toMatch(/^no seed but this node/)
    end.abort()
    await search.done
  })

  it('goes on searching while another seed does not resolve', async () => {
    const { search, end, clock } = run(['127.0.0.1:7946', 'gone:7946'])
    await clock.next()
    expect(search.state).toBe('searching')
    end.abort()
    await search.done
  })

  it('says what to do where others cannot reach this node', async () => {
    const { node, search, end, log } = run(['10.0.0.2:7946'])
    node.joinResult = {
      joined: [],
      failed: [{ seed: '10.0.0.2:7946', code: 'unreachable-address', message: 'cannot dial 127.0.0.1:7946' }],
    }
    await settle()
    expect(log[0]).toMatchObject({ level: 'error', message: 'join refused: unreachable-address' })
    expect(log[0]?.fields).toMatchObject({
      own: '127.0.0.1:7946',
      advice: expect.stringContaining('--advertise'),
    })
    end.abort()
    await search.done
  })

  it('looks at new seeds right away, also where there were none, and at none any more', async () => {
    const { node, clock, end, log, search } = run([])
    search.replace(seeds('10.0.0.2:7946'))
    expect(search.state).toBe('searching')
    await settle()
    expect([node.joins, search.seeds.map(({ text }) => text)]).toEqual([
      [['10.0.0.2:7946']],
      ['10.0.0.2:7946'],
    ])
    // In the middle of a wait.
    search.replace(seeds('10.0.0.3:7946', '10.0.0.4:7946'))
    await settle()
    await settle()
    expect(node.joins.at(-1)).toEqual(['10.0.0.3:7946', '10.0.0.4:7946'])
    expect(node.seeds.at(-1)).toEqual(['10.0.0.3:7946', '10.0.0.4:7946'])
    search.replace([])
    await settle()
    await settle()
    expect([node.seeds.at(-1), search.state, node.joins.length]).toEqual([[], 'alone', 2])
    await clock.next()
    expect(node.joins.length).toBe(2)
    expect(
      log.filter(({ message }) => message === 'seeds replaced').map(({ fields }) => fields?.seeds),
    ).toEqual(['10.0.0.2:7946', '10.0.0.3:7946, 10.0.0.4:7946', 'none'])
    end.abort()
    await search.done
  })

  it('ends on a name that belongs to another process', async () => {
    const { node, search, conflicts } = run(['10.0.0.2:7946'])
    node.joinResult = Object.assign(new Error('the name is taken'), { name: 'NameConflictError' })
    await search.done
    expect(conflicts).toEqual([node.joinResult])
  })

  it('outlives a join that fails in another way', async () => {
    const { node, search, clock, end, log } = run(['10.0.0.2:7946'])
    node.joinResult = new Error('out of descriptors')
    await clock.next()
    expect(node.joins).toHaveLength(2)
    expect(log[0]).toMatchObject({ message: 'join failed', fields: { reason: 'out of descriptors' } })
    end.abort()
    await search.done
  })
})
