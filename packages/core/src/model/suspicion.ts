import { ln, log10 } from './logarithm.ts'

/**
 * Shortest suspicion of a group of n members, in whole milliseconds:
 * `mult × max(1, log10(n)) × probeInterval` (memberlist; Lifeguard §4.2 calls it Min, with α = mult).
 */
export function suspicionMin(n: number, mult: number, probeInterval: number): number {
  return Math.round(mult * Math.max(1, log10(Math.max(1, n))) * probeInterval)
}

/**
 * Confirmations that bring a suspicion down to its minimum (K in Lifeguard §4.2): as many as are set, and none where the group
 * has fewer others than that besides this node and the suspect.
 */
export function confirmationsWanted(n: number, set: number): number {
  return n - 2 < set ? 0 : set
}

/**
 * Time a suspect has from the start of its suspicion, in whole milliseconds, after `confirmations` independent reports
 * besides the first: `max(min, max − (max − min) × ln(C + 1) / ln(K + 1))` (Lifeguard §4.2). With K = 0 it is `min`.
 */
export function suspicionTimeout(confirmations: number, wanted: number, min: number, max: number): number {
  if (wanted < 1) return min
  const share = ln(Math.min(confirmations, wanted) + 1) / ln(wanted + 1)
  return Math.max(min, Math.round(max - (max - min) * share))
}
