import { type Millis, type Settings, suspicionMin } from '@swimkit/core'
import type { LookOrder } from '../scenario/scenario.ts'

/** One period of probing, of a node whose health is at its worst: `probeIntervalMax × (healthMax + 1)` (Lifeguard §4.1). */
export const longestPeriod = ({ healthMax, probeIntervalMax }: Settings): Millis =>
  probeIntervalMax * (healthMax + 1)

/** A suspicion among n members that nobody confirms: `suspicionMaxMult × suspicionMult × max(1, log10 n) × probeInterval` (Lifeguard §4.2). */
export const longestSuspicion = (
  { probeInterval, suspicionMaxMult, suspicionMult }: Settings,
  n: number,
): Millis => Math.ceil(suspicionMin(n, suspicionMult, probeInterval) * suspicionMaxMult)

/** Periods that a node which doubts itself holds back what it has seen of others. */
const periodsHeld = 2

/** From the beginning of a look that goes unanswered to the verdict: one period, as long as a node may doubt itself, and the suspicion. */
export const longestVerdict = (settings: Settings, n: number): Millis =>
  (1 + periodsHeld) * longestPeriod(settings) + longestSuspicion(settings, n)

/**
 * From the death of a member to its failure at one node that probes round robin, knows n members and hears nothing of others: at most
 * 2(n − 1) − 1 periods until the node looks at it (SWIM §4.3: n − 1 others, each looked at once per round), and then the
 * verdict.
 */
export const longestDetection = (settings: Settings, n: number): Millis =>
  Math.max(1, 2 * (n - 1) - 1) * longestPeriod(settings) + longestVerdict(settings, n)

/** The same where only every second look is one of a round, and the others are at the ring's successor. */
export const longestAlternatingDetection = (settings: Settings, n: number): Millis =>
  Math.max(1, 2 * (2 * (n - 1) - 1)) * longestPeriod(settings) + longestVerdict(settings, n)

/** The bound for an order of looks. */
export const detectionBound = (look: LookOrder): ((settings: Settings, n: number) => Millis) =>
  ({
    'round-robin': longestDetection,
    'ring-successor': longestAlternatingDetection,
    random: likelyDetection,
  })[look]

/**
 * The same with uniform selection, where no bound holds for certain: a member is missed by k looks with probability
 * (1 − 1/(n − 1))^k < e^(−k / (n − 1)). With k = 16(n − 1) that is 10⁻⁷.
 */
export const likelyDetection = (settings: Settings, n: number): Millis =>
  Math.max(1, 16 * (n - 1)) * longestPeriod(settings) + longestVerdict(settings, n)

/**
 * From the last fault to the agreement of all that run, n names at a addresses, in the worst case. One after the other:
 *
 * - A stream that was opened in bad times, and a look of then, end: `streamTimeout`, and the longest verdict.
 * - Islands find each other. About one node of an island tries an address per `rejoinInterval`: with n nodes that each do with
 *   probability 1/n, somebody does with at least 1 − 1/e. It draws one of at most a addresses, of which one may be right. n islands
 *   need n − 1 such meetings. With μ = 2 × max(n − 1, 56) expected ones, less than half of them come with
 *   probability e^(−μ/8) < 10⁻⁶ (Chernoff).
 * - What was learned there reaches everybody by gossip, and what gossip missed by syncs with random members, each of which an island
 *   of one half could miss: 20 periods of `syncInterval × s(n)` for 2⁻²⁰.
 * - Who is dead is found dead by everybody that thinks otherwise, and a failure that came by sync is a suspicion first:
 *   twice the longest detection.
 */
export function longestAgreement(
  settings: Settings,
  n: number,
  addresses: number,
  detection: Millis = longestDetection(settings, n),
): Millis {
  const { rejoinInterval, streamTimeout, syncInterval } = settings
  const meetings = 2 * Math.max(n - 1, 56)
  const perPeriod = (1 - 1 / Math.E) / Math.max(1, addresses)
  return (
    streamTimeout +
    longestVerdict(settings, n) +
    (meetings / perPeriod) * rejoinInterval +
    20 * syncInterval * syncPeriods(n) +
    2 * detection
  )
}

/**
 * From the agreement of n idle nodes to the end of everything under way: requests end, joins and leaves too, and each queued update
 * is told `mostTellings` times, at least once per `gossipInterval`, as far as packets hold:
 * every member's record and status may be queued, and a packet holds two of the largest.
 */
export function longestDrain(settings: Settings, n: number): Millis {
  const { gossipInterval, leaveTimeout, streamTimeout } = settings
  return 2 * streamTimeout + leaveTimeout + mostTellings(settings, n) * n * gossipInterval
}

/** How often a member tells an update in a group of n: SWIM's λ log n (§4.1), and one λ more. */
export const mostTellings = ({ retransmitMult }: Settings, n: number): number =>
  Math.ceil(retransmitMult * Math.log10(10 * (n + 1)) - 1e-9)

const syncPeriods = (n: number): number => (n <= 32 ? 1 : Math.ceil(Math.log2(n) - 5) + 1)
