import type { Random } from '@swimkit/core'

/** Something that goes wrong, as data; numbers are of slots, `for` and `after` are milliseconds. Named as the simulator's operations, where these have a namesake. */
export type Act = { readonly after: number; readonly for: number } & (
  | { readonly do: 'pause'; readonly nodes: readonly number[] }
  /** `rejoin`: started again with nothing but what it remembers. */
  | { readonly do: 'crash'; readonly nodes: readonly number[]; readonly rejoin: boolean }
  | { readonly do: 'leave'; readonly nodes: readonly number[] }
  | { readonly do: 'partition'; readonly nodes: readonly number[]; readonly oneWay: boolean }
  | {
      readonly do: 'loss'
      readonly nodes: readonly number[] | 'all'
      readonly percent: number
      readonly of: 'datagrams' | 'everything'
    }
  | { readonly do: 'slow'; readonly nodes: readonly number[]; readonly kilobits: number }
  | { readonly do: 'clock'; readonly nodes: readonly number[]; readonly by: number }
  | { readonly do: 'diskFull'; readonly nodes: readonly number[] }
  | { readonly do: 'descriptors'; readonly nodes: readonly number[] }
  | { readonly do: 'switch'; readonly nodes: readonly number[]; readonly detector: string }
)

export type Kind =
  | 'pause'
  | 'crash'
  | 'crash, rejoin by snapshot'
  | 'leave'
  | 'partition'
  | 'partition, one way'
  | 'isolation'
  | 'loss of datagrams'
  | 'loss of everything'
  | 'loss everywhere'
  | 'slow link'
  | 'clock jump'
  | 'clock set back, then crash'
  | 'disk full'
  | 'no descriptors'
  | 'switch'

/** What may go wrong; how many of a kind there are in a deck is its weight. */
const deck: readonly Kind[] = [
  ...(['pause', 'pause', 'crash', 'crash', 'crash, rejoin by snapshot', 'leave'] as const),
  ...(['partition', 'partition, one way', 'isolation'] as const),
  ...(['loss of datagrams', 'loss of everything', 'loss everywhere', 'slow link'] as const),
  ...(['clock jump', 'clock set back, then crash', 'disk full', 'no descriptors', 'switch'] as const),
]

/** All kinds; a deck has each at least once. */
export const kinds: readonly Kind[] = [...new Set(deck)]

/** What the nodes are that a schedule is about. */
export interface Lot {
  readonly nodes: number
  readonly withClock: readonly number[]
  readonly withDisk: readonly number[]
}

/** Rounds without end, drawn from a seed: the same seed gives the same rounds, whatever comes of them. */
export function* schedule(random: Random, lot: Lot): Generator<readonly (readonly [Kind, Act])[], never> {
  let cards: Kind[] = []
  let detector = 'pingack'
  const draw = (): Kind => {
    if (cards.length === 0) cards = shuffled(random, deck)
    return cards.pop()!
  }
  for (;;) {
    const free = new Set(Array.from({ length: lot.nodes }, (_, index) => index))
    const acts: (readonly [Kind, Act])[] = []
    // One fault alone is the exception: what they do to each other is what no single one shows.
    for (let n = 2 + random.below(3); n > 0; n--) {
      const kind = draw()
      // Two of these would undo each other.
      if (acts.some(([other]) => other === kind)) continue
      if (kind === 'switch') detector = detector === 'pingack' ? 'gossip' : 'pingack'
      acts.push([kind, actOf(kind, random, lot, free, detector)])
    }
    yield acts
  }
}

function actOf(kind: Kind, random: Random, lot: Lot, free: Set<number>, detector: string): Act {
  const seconds = (least: number, most: number): number =>
    1_000 * least + random.below(1_000 * (most - least) + 1)
  /** So many that nothing else is done to in this round, as far as there are. */
  const take = (most: number, of: readonly number[] = [...free]): number[] => {
    const taken = shuffled(
      random,
      of.filter((node) => free.has(node)),
    ).slice(0, 1 + random.below(most))
    for (const node of taken) free.delete(node)
    return taken
  }
  const after = random.below(4_000)
  switch (kind) {
    case 'pause':
      return { do: 'pause', nodes: take(3), after, for: seconds(1, 20) }
    case 'crash':
      return { do: 'crash', nodes: take(3), rejoin: false, after, for: seconds(0, 20) }
    case 'crash, rejoin by snapshot':
      return { do: 'crash', nodes: take(2, lot.withDisk), rejoin: true, after, for: seconds(0, 15) }
    case 'leave':
      return { do: 'leave', nodes: take(2), after, for: seconds(0, 12) }
    case 'partition': {
      const side = shuffled(random, [...Array(lot.nodes).keys()]).slice(
        0,
        2 + random.below(lot.nodes / 2 - 1),
      )
      return { do: 'partition', nodes: side, oneWay: false, after, for: seconds(2, 25) }
    }
    case 'partition, one way':
      return { do: 'partition', nodes: take(4), oneWay: true, after, for: seconds(2, 20) }
    case 'isolation':
      return { do: 'partition', nodes: take(1), oneWay: false, after, for: seconds(2, 25) }
    case 'loss of datagrams':
      return {
        do: 'loss',
        nodes: take(3),
        percent: 20 + random.below(80),
        of: 'datagrams',
        after,
        for: seconds(5, 20),
      }
    case 'loss of everything':
      return {
        do: 'loss',
        nodes: take(3),
        percent: 10 + random.below(41),
        of: 'everything',
        after,
        for: seconds(5, 20),
      }
    case 'loss everywhere':
      return {
        do: 'loss',
        nodes: 'all',
        percent: 5 + random.below(21),
        of: 'everything',
        after,
        for: seconds(5, 15),
      }
    case 'slow link':
      return { do: 'slow', nodes: take(2), kilobits: 32 + random.below(97), after, for: seconds(5, 20) }
    case 'clock jump': {
      const by = (random.below(2) === 0 ? 1 : -1) * [30, 3_600, 2_592_000][random.below(3)]!
      return { do: 'clock', nodes: take(2, lot.withClock), by, after, for: seconds(3, 15) }
    }
    case 'clock set back, then crash':
      return { do: 'clock', nodes: take(1, lot.withClock), by: -86_400, after, for: seconds(6, 15) }
    case 'disk full':
      return { do: 'diskFull', nodes: take(2, lot.withDisk), after, for: seconds(8, 20) }
    case 'no descriptors':
      return { do: 'descriptors', nodes: take(2), after, for: seconds(3, 15) }
    case 'switch':
      return { do: 'switch', nodes: take(1), detector, after, for: 0 }
  }
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}
