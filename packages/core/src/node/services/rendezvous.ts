import { hashText, mix32 } from '../../model/hash.ts'

const keySeed = 0x2545f491
const nameSeed = 0x6c8e9cf5

/** What a name brings to every choice among names, so that it is reckoned once and not for each key. Unsigned 32 bits. */
export const rendezvousHash = (name: string): number => hashText(name, nameSeed)

/**
 * Which of some names is responsible for a key: the one with the highest score for it (rendezvous hashing: Thaler and Ravishankar, "Using
 * name-based mappings to increase hit rates", IEEE/ACM ToN 1998). All that know the same names choose the same, on every runtime, in whatever order
 * they hold them. When a name goes, its keys alone move, evenly to all the others; when one comes, it takes an even share from each.
 *
 * Takes time in proportion to the names. Returns the index, −1 where there are none.
 */
export function rendezvous(key: string, names: readonly string[]): number {
  return highest(
    key,
    names.length,
    (i) => rendezvousHash(names[i]!),
    (i) => names[i]!,
  )
}

/** The same with hashes at hand; of two with the same score the greater name is taken. */
export function highest(
  key: string,
  count: number,
  hashOf: (index: number) => number,
  nameOf: (index: number) => string,
): number {
  const keyHash = hashText(key, keySeed)
  let best = -1
  let bestScore = -1
  for (let i = 0; i < count; i++) {
    const score = mix32(keyHash ^ hashOf(i))
    if (score < bestScore || (score === bestScore && nameOf(i) <= nameOf(best))) continue
    best = i
    bestScore = score
  }
  return best
}
