import type { Host, Member } from '@swimkit/core'
import { randomFew, randomFraction } from '../random-fraction.ts'
import { sleep } from '../sleep.ts'
import type { LanPeer } from './lan-message.ts'

/** Waits before the first rounds, milliseconds: nodes that start at once may form halves within the first seconds. */
const quickRounds = [3_000, 7_000, 15_000]
/** In a quick round about so many nodes of a cluster ask; in others one. */
const quickAskers = 4
/** Between the rounds after those. */
const period = 60_000
/** Whom a round joins at most. */
export const mostJoined = 3

export interface StrangersOptions {
  readonly host: Host
  readonly signal: AbortSignal
  /** Alive and suspect, this node among them; undefined while it does not run. */
  members(): readonly Member[] | undefined
  ask(): Promise<readonly LanPeer[]>
  join(peers: readonly LanPeer[]): Promise<void>
}

/**
 * Looks, for as long as the node runs, for nodes of the cluster that are no members here: of nodes that all start at once, two halves may each
 * come together and then stop searching, as nobody is alone. In each round about one node of the whole cluster asks, whatever its size. Who is alone
 * asks anyway, and not here.
 */
export async function lookForStrangers(options: StrangersOptions): Promise<void> {
  const { ask, host, join, members, signal } = options
  for (let round = 0; ; round++) {
    const wait = quickRounds[round] ?? period
    await sleep(host, wait * (0.8 + 0.4 * randomFraction(host)), signal)
    if (signal.aborted) return
    const known = members()
    if (known === undefined || known.length <= 1) continue
    const askers = round < quickRounds.length ? quickAskers : 1
    if (randomFraction(host) >= askers / known.length) continue
    const answers = await ask()
    if (signal.aborted) return
    // As they are by now: an answer takes a second.
    const boots = new Set(members()?.map(({ boot }) => boot))
    const strangers = answers.filter(({ boot }) => !boots.has(boot))
    if (strangers.length > 0) await join(randomFew(host, strangers, mostJoined))
  }
}
