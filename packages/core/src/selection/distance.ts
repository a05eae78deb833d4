import type { MemberView } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { ringAhead, ringLength, ringPosition, upperWord } from './ring-position.ts'
import type { PathView } from './strategy.ts'
import { commonParts, type ZonePath, zoneOf } from './zone-path.ts'

/**
 * How far members are from one node, in classes: 0 is the nearest, {@link farthest} is too far away to be near anything, or not known. A
 * function of what is known when it is called; O(1).
 */
export type Distance = (members: MemberView, paths: PathView) => (ref: Ref) => number

/** Classes of distance: 0..31. */
export const distanceClasses = 32
export const farthest: number = distanceClasses - 1

/** Position of the highest bit; 0 for 0. */
const highestBit = (word: number): number => 31 - Math.clz32(word | 1)

/**
 * How far ahead a member is on the ring of names' hashes, as in Chord: class i holds those between 2^i and 2^(i + 1) of 2³² ahead, so each
 * about twice as many as the one before. The half of the ring behind it is farthest.
 */
export const ringDistance: Distance = (members) => {
  const self = ringPosition(members.name(members.self))
  return (ref) => {
    const ahead = ringAhead(self, ringPosition(members.name(ref)))
    return ahead === ringLength ? farthest : highestBit(upperWord(ahead))
  }
}

/**
 * The exclusive or of names' hashes, as in Kademlia (Maymounkov, Mazières 2002, §2.1): class i holds those that have 31 − i leading bits in
 * common with this node, its k-bucket i. The same in both directions. Those that differ in the first bit are farthest.
 */
export const xorDistance: Distance = (members) => {
  const id = (ref: Ref): number => upperWord(ringPosition(members.name(ref)))
  const self = id(members.self)
  return (ref) => highestBit(id(ref) ^ self)
}

/**
 * How far behind one of this node's fingers a member is, as in Chord (Stoica et al. 2001, §4.3): fingers point 2^i of 2³² ahead, for each i,
 * and class i holds those that are between 2^i and 2^(i + 1) behind the last finger before them. The nearest log2(n) or so are spread over
 * the ring: one for each half, quarter, eighth … of it.
 */
export const fingerDistance: Distance = (members) => {
  const self = ringPosition(members.name(members.self))
  return (ref) => {
    const ahead = ringAhead(self, ringPosition(members.name(ref)))
    if (ahead === ringLength) return farthest
    const word = upperWord(ahead)
    // Without the highest bit: what it is behind that finger.
    return highestBit(word ^ (1 << highestBit(word)))
  }
}

/** Milliseconds: round trips are known to an eighth of one. */
const roundTripUnit = 0.125

/**
 * By the round trip: below 0.25 ms, 0.5 ms, 1 ms, 2 ms … are classes 0, 1, 2, 3 …. Unknown ones are farthest. It moves with what is measured,
 * and nobody says so: see `topologyAware`.
 */
export const roundTripDistance: Distance = (_members, paths) => (ref) => {
  const rtt = paths.rtt(ref)
  if (rtt === undefined) return farthest
  return Math.min(farthest - 1, highestBit(Math.min(0x7fffffff, rtt / roundTripUnit)))
}

/**
 * By a tag that says where a member is, widest part first, as `eu/fra/rack1`: the number of parts, of the longer value of the two, that are behind what
 * both have in common. The same value is 0, another rack 1, another city 2. With nothing in common, or no such tag, it is farthest. Parts behind
 * the eighth do not count.
 */
export function zoneDistance(tag: string): Distance {
  return (members) => {
    let record: PeerRecord | undefined
    let own: ZonePath = []
    return (ref) => {
      const latest = members.record(members.self)
      // Nobody is told when the node itself moves.
      if (latest !== record) {
        record = latest
        own = zoneOf(members, members.self, tag)
      }
      const zone = zoneOf(members, ref, tag)
      const common = commonParts(own, zone)
      return common === 0 ? farthest : Math.max(own.length, zone.length) - common
    }
  }
}
