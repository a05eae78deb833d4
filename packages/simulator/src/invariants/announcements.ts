import { type PeerRecord, Status, sameAddress } from '@swimkit/core'
import { longestVerdict } from './durations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Entry } from './process.ts'
import { showEntry } from './show.ts'

/**
 * Only the member raises its incarnation, and only the member says what it is: nobody holds an incarnation, or a record, that a process
 * of that name has not announced.
 */
export const nothingIsInvented: Invariant = {
  name: 'nothing-is-invented',
  rule: 'nobody holds an incarnation or a record of a member that it never announced',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after === undefined) return
      if (before?.incarnation !== after.incarnation && !isAnnounced(truth, after)) {
        throw new InvariantViolation(
          nothingIsInvented,
          `holds ${showEntry(after)}, and it never was at that incarnation`,
          at.node,
          after.name,
        )
      }
      if (before?.record === after.record && before.recordIncarnation === after.recordIncarnation) return
      const process = truth.behind(after.record)
      const said =
        process === undefined
          ? truth.named(after.name).map(({ announced }) => announced.get(after.recordIncarnation))
          : [process.announced.get(after.recordIncarnation)]
      if (said.some((record) => record !== undefined && saysTheSame(record, after.record))) return
      throw new InvariantViolation(
        nothingIsInvented,
        `holds ${showEntry(after)}, and that is not what it said of itself at ${after.recordIncarnation}`,
        at.node,
        after.name,
      )
    },
  }),
}

/** `left` is claimed by the member itself, or by an operator. */
export const leftByItself: Invariant = {
  name: 'left-by-itself',
  rule: 'nobody holds a member as left that did not leave at that incarnation, and that no operator forced out at it',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after?.status !== Status.Left) return
      if (before?.status === Status.Left && before.incarnation === after.incarnation) return
      if (truth.named(after.name).some(({ departures }) => departures.has(after.incarnation))) return
      if (truth.wasForced(after.name, after.incarnation)) return
      throw new InvariantViolation(
        leftByItself,
        `holds ${showEntry(after)}, and it has not left at that incarnation, nor been forced out`,
        at.node,
        after.name,
      )
    },
  }),
}

/**
 * A member that left is never failed. Its word, `left`, supersedes every accusation at its incarnation, and reaches everybody where
 * nothing keeps it from it: if the network has been calm since well before it left, nobody may come to hold it failed at the
 * incarnation it left at. "Well before" is one look, of at most (`healthMax` + 1) probe intervals, and a suspicion: what began
 * in worse times is over then.
 */
export const leaversNeverFail: Invariant = {
  name: 'leavers-never-fail',
  rule: 'a member that left is never failed',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after?.status !== Status.Failed || before?.status === Status.Failed) return
      const { incarnation, name } = after
      const leaver = truth.named(name).find(({ departures }) => departures.has(incarnation))
      const left = leaver?.departures.get(incarnation)
      const calm = truth.calmSince()
      if (left === undefined || calm === undefined) return
      const wellBefore = left - longestVerdict(truth.settings, at.node.engine.members.size)
      if (calm > wellBefore || truth.lastStartOrEnd(leaver) > wellBefore) return
      throw new InvariantViolation(
        leaversNeverFail,
        `holds ${showEntry(after)}, and it left at that incarnation in calm`,
        at.node,
        after.name,
      )
    },
  }),
}

const isAnnounced = (truth: GroundTruth, { incarnation, name }: Entry): boolean =>
  truth.named(name).some(({ announced }) => announced.has(incarnation))

/** Whether two records say the same, as far as nodes act on it. */
function saysTheSame(a: PeerRecord, b: PeerRecord): boolean {
  if (a === b) return true
  return (
    (a.boot === b.boot || b.boot === 0n) &&
    a.name === b.name &&
    a.leaving === b.leaving &&
    sameAddress(a.address, b.address) &&
    a.data.length === b.data.length &&
    a.data.every((byte, i) => byte === b.data[i])
  )
}
