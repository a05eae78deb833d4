import { type Accusation, type Ref, Status, type SuspicionView } from '@swimkit/core'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { claimKey, type Entry, type Process, startAfter } from './process.ts'
import { timeoutOf } from './suspicion.ts'

/**
 * Nobody fails a member without grounds. It has heard a failed claim at that very incarnation, in a packet (a table alone makes a
 * suspect: one confused node must not fail members by its table); or its own suspicion has lasted its time; or as many distinct
 * accusers as the quorum have reported it, who have looked themselves: several tables may say the same because of one look; or as many
 * as the refusal quorum, or as live where that is less, have found its port closed. The time that a stall took does not count, so that what stands still gives
 * no verdict on what it did not see.
 */
export const verdictsHaveGrounds: Invariant = {
  name: 'verdicts-have-grounds',
  rule: 'a member is failed by a failed claim, by a suspicion that has lasted its time, or by a quorum of those who looked, and by nothing else',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after === undefined) return
      const { ref } = after
      const failed = at.input.events.find(
        ({ record, type }) => type === 'failed' && record.name === after.name,
      )
      if (failed === undefined) return
      const { incarnation } = failed
      const { claims } = at.input
      const heard = claims.some(
        (claim) => claim.type === 'failed' && claim.name === after.name && claim.incarnation === incarnation,
      )
      if (heard) return
      const known = at.suspicions.get(ref)
      const suspicion = known?.incarnation === incarnation ? known : undefined
      if (suspicion !== undefined && isOver(truth, at, suspicion)) return
      const accusers = accusersOf(truth, at, after, incarnation, suspicion)
      const { suspicionQuorum } = truth.settings
      if (suspicionQuorum > 0 && accusers.size >= suspicionQuorum) return
      if (isClosed(truth, at, after, incarnation, suspicion)) return
      // Without a suspicion phase a look of its own is enough.
      if (!at.node.engine.config.suspicion && hasLooked(truth, at, ref)) return
      const reports = `${accusers.size} accusers${suspicionQuorum > 0 ? ` of ${suspicionQuorum}` : ''}`
      throw new InvariantViolation(
        verdictsHaveGrounds,
        suspicion === undefined
          ? `fails it at ${incarnation}, which it did not suspect, with ${reports} and no failed claim`
          : `fails it at ${incarnation}, ${Math.round(startAfter(at, suspicion.deadline, truth.settings) - at.input.at)} ms before its suspicion is over, with ${reports}`,
        at.node,
        before?.name ?? after.name,
      )
    },
  }),
}

/** The suspicion's time is over, this input's own accusation and the stall before it counted in. */
function isOver(truth: GroundTruth, at: Process, suspicion: SuspicionView): boolean {
  const { processes, settings } = truth
  const stall = startAfter(at, suspicion.start, settings) - suspicion.start
  const now = at.input.at + 1e-3
  if (suspicion.deadline + stall <= now) return true
  const { accusations, ref, start } = suspicion
  if (at.input.kind !== 'tick' || !hasLooked(truth, at, ref)) return false
  if (accusations.some(({ accuser }) => accuser === at.name)) return false
  // The size of the group when it began is whichever explains the deadline that it had.
  for (let n = 1; n <= processes.length + 1; n++) {
    const had = timeoutOf(settings, accusations.length, n)
    const has = timeoutOf(settings, accusations.length + 1, n)
    // Where this node doubted itself, the suspicion has lasted longer than that.
    const prolonged = suspicion.deadline > start + had && at.node.engine.stats().verdictsHeld > 0
    const explains = prolonged || Math.abs(start + had - suspicion.deadline) < 1e-3
    if (explains && start + stall + has <= now) return true
  }
  return false
}

const hasLooked = ({ settings }: GroundTruth, at: Process, ref: Ref): boolean =>
  at.hasLookedAt(ref, settings) || at.hasLookedAt(ref, settings, 'refused')

/** So many have found its port closed that it is failed at once. */
function isClosed(
  truth: GroundTruth,
  at: Process,
  entry: Entry,
  incarnation: number,
  suspicion: SuspicionView | undefined,
): boolean {
  const { refusalQuorum } = truth.settings
  if (refusalQuorum === 0) return false
  const { members } = at.node.engine
  let aliveBefore = 0
  for (const { ref, status } of at.entries?.values() ?? []) {
    if (status === Status.Alive && ref !== entry.ref) aliveBefore++
  }
  // The same input may have brought some, and doubts about others, before or after the verdict.
  const doubted = at.input.events.filter(
    ({ record, type }) => record.name !== entry.name && ['suspect', 'failed', 'leave'].includes(type),
  ).length
  const alive = Math.min(aliveBefore - doubted, members.count(Status.Alive))
  const closed = accusersOf(truth, at, entry, incarnation, suspicion, 'refused')
  return closed.size >= Math.min(refusalQuorum, Math.max(1, alive))
}

/** Who had accused it before, who does in this input, and the node itself if it has looked. */
function accusersOf(
  { settings }: GroundTruth,
  at: Process,
  { name, ref }: Entry,
  incarnation: number,
  suspicion: SuspicionView | undefined,
  of: 'anything' | 'refused' = 'anything',
): Set<string> {
  const accusers = new Set<string>()
  const add = (accusations: readonly Accusation[]): void => {
    for (const { accuser, evidence } of accusations) {
      if (of === 'refused' ? evidence === 'refused' : evidence !== 'heard') accusers.add(accuser)
    }
  }
  add(suspicion?.accusations ?? [])
  for (const claim of at.input.claims) {
    if (claim.type !== 'suspect' || claim.name !== name || claim.incarnation !== incarnation) continue
    add(claim.accusations)
  }
  for (const entry of at.input.entries) {
    if (entry.record.name !== name || entry.incarnation !== incarnation) continue
    add(entry.accusations)
  }
  const own = (of === 'refused' ? at.foundClosed : at.accused).has(claimKey(name, incarnation))
  const looked =
    at.hasLookedAt(ref, settings, 'refused') || (of === 'anything' && at.hasLookedAt(ref, settings))
  if (own || (at.input.kind === 'tick' && looked)) accusers.add(at.name)
  return accusers
}
