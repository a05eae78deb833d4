import { randomBytes } from 'node:crypto'
import type { Host, JoinResult, Node, SeedFailure } from '@swimkit/core'
import { randomFew } from '../random-fraction.ts'
import { reasonOf } from '../reason.ts'
import { type Resolver, resolveSeed } from './resolve.ts'
import type { Seed } from './seed.ts'

/** A seed and what it stands for now; a failure where its name does not resolve. */
export interface ResolvedSeed {
  readonly seed: Seed
  readonly addresses: readonly string[]
  readonly failure: SeedFailure | undefined
}

/** Resolves all seeds at once. Never rejects: a seed that does not resolve says why. */
export function resolveSeeds(
  seeds: readonly Seed[],
  resolver: Resolver,
  signal: AbortSignal,
): Promise<ResolvedSeed[]> {
  return Promise.all(
    seeds.map(async (seed) => {
      const fail = (message: string): ResolvedSeed => ({
        seed,
        addresses: [],
        failure: { seed: seed.text, code: 'unresolved', message },
      })
      try {
        const addresses = await resolveSeed(seed, resolver, signal)
        return addresses.length > 0
          ? { seed, addresses, failure: undefined }
          : fail('it stands for no address')
      } catch (error) {
        return fail(reasonOf(error))
      }
    }),
  )
}

/** Addresses of one name that are tried at once: each that answers sends its whole table, and a name may stand for all members of a large cluster. */
const triedOfName = 16

const system: Pick<Host, 'entropy'> = { entropy: (bytes) => randomBytes(bytes) }

/**
 * Asks for an introduction through each seed, through up to 16 of its addresses, any of them, and tells the outcome by seed as its user wrote it: a name counts as
 * joined when one of its addresses introduced this node, and as `self` when one of them is this node.
 * `host`: whose randomness chooses; the system's unless given. Rejects as `node.join` does.
 */
export async function joinSeeds(
  node: Pick<Node, 'join' | 'self'>,
  resolved: readonly ResolvedSeed[],
  signal: AbortSignal,
  host: Pick<Host, 'entropy'> = system,
): Promise<JoinResult> {
  const own = node.self.address
  const tried = (addresses: readonly string[]): readonly string[] => {
    const others = addresses.filter((address) => address !== own)
    return others.length <= triedOfName ? others : randomFew(host, others, triedOfName)
  }
  const others = new Set(resolved.flatMap(({ addresses }) => tried(addresses)))
  const result: JoinResult =
    others.size > 0 ? await node.join([...others], { signal }) : { joined: [], failed: [] }
  const introducers = new Set(result.joined)
  const failures = new Map(result.failed.map((failure) => [failure.seed, failure]))

  const joined: string[] = []
  const failed: SeedFailure[] = []
  for (const { seed, addresses, failure } of resolved) {
    if (failure) {
      failed.push(failure)
      continue
    }
    if (addresses.some((address) => introducers.has(address))) {
      joined.push(seed.text)
      continue
    }
    const why = addresses.flatMap((address) => failures.get(address) ?? [])
    const self = addresses.includes(own) || why.some(({ code }) => code === 'self')
    const { code, message } = self
      ? { code: 'self', message: 'that is this node itself' }
      : (why[0] ?? { code: 'unreachable', message: 'no answer' })
    failed.push({ seed: seed.text, code, message })
  }
  return { joined, failed }
}
