import type { Millis } from './time.ts'

/** No claim may be further than this above the wall clock in seconds: about two years of a member's own changes. */
const headroom = 2 ** 26
/** What is kept of it for refutations: 18 hours by which clocks may differ. */
const refutationRoom = 2 ** 16

/** The highest incarnation at which a member is believed to be alive. */
export const highestAlive = (wallSeconds: number): number => wallSeconds + headroom

/**
 * The highest at which another is believed to be suspect, failed or gone: what is known of it, or so far below what it may claim itself that its refutation is believed
 * everywhere at once, also where the clock is behind.
 */
export const highestAccusation = (wallSeconds: number, known: number): number =>
  Math.max(known, wallSeconds + headroom - refutationRoom)

/** How long it takes until an own claim at that incarnation is believed; 0: it is now. */
export const waitFor = (incarnation: number, wallSeconds: number): Millis =>
  Math.max(0, Math.ceil(1_000 * (incarnation - highestAlive(wallSeconds))))

/**
 * What a process begins with: the wall clock's seconds, or one above what its last life said, where the clock was set back since. Not above what anybody would believe: a clock
 * that was years ahead is no reason to be heard by nobody.
 */
export function firstIncarnation(wallSeconds: number, last: number | undefined): number {
  const again = last === undefined ? 0 : last + 1
  return again > highestAlive(wallSeconds) ? wallSeconds : Math.max(wallSeconds, again)
}
