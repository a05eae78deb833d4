import { expect, it } from 'vitest'
import { FakeNode } from '../testing/fake-node.ts'
import { joinSeeds, type ResolvedSeed } from './join-seeds.ts'

const { signal } = new AbortController()
const own = '127.0.0.1:7946'

/** A name that stands for so many addresses, and for this node where it is told. */
function nameOf(count: number, net: number, ...more: readonly string[]): ResolvedSeed {
  const text = `dns+n${net}:7946`
  const addresses = Array.from({ length: count }, (_, i) => `10.${net}.${i >> 8}.${i & 255}:7946`)
  return {
    seed: { kind: 'dns', text, host: `n${net}`, port: 7_946 },
    addresses: [...addresses, ...more],
    failure: undefined,
  }
}

/** Whom it asks, of names that stand for so many. */
async function asked(...resolved: readonly ResolvedSeed[]): Promise<readonly string[]> {
  const node = new FakeNode()
  await joinSeeds(node, resolved, signal)
  return node.joins.flat()
}

it('asks all addresses of a name, up to 16, and itself never', async () => {
  const few = nameOf(16, 1, own)
  expect(await asked(few)).toEqual(few.addresses.slice(0, 16))
})

it('asks 16 addresses of a name that stands for more, others each time, and itself never', async () => {
  const many = nameOf(5_000, 1, own)
  const met = new Set<string>()
  for (let time = 0; time < 20; time++) {
    const some = await asked(many)
    expect([some.length, new Set(some).size]).toEqual([16, 16])
    for (const address of some) met.add(address)
  }
  expect(met.size).toBeGreaterThan(200) // 320 of 5,000: some come again
  expect(met).not.toContain(own)
})

it('asks as many of each name, and tells what came of each by those that were asked', async () => {
  const [one, other] = [nameOf(100, 1), nameOf(100, 2)]
  const node = new FakeNode()
  node.join = async (seeds) => {
    node.joins.push(seeds)
    const [joined, failed] = [[] as string[], [] as string[]]
    for (const seed of seeds) (seed.startsWith('10.1.') ? joined : failed).push(seed)
    return { joined, failed: failed.map((seed) => ({ seed, code: 'refused', message: `${seed}: no` })) }
  }
  const result = await joinSeeds(node, [one, other], signal)
  expect(node.joins.flat()).toHaveLength(32)
  expect(result).toEqual({
    joined: ['dns+n1:7946'],
    failed: [{ seed: 'dns+n2:7946', code: 'refused', message: expect.stringMatching(/^10\.2\..*: no$/) }],
  })
})
