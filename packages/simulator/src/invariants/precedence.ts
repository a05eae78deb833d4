import { Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { showEntry } from './show.ts'

/**
 * A higher incarnation wins (SWIM §4.2). As long as a node holds a member, neither the incarnation of its status nor that of its
 * record goes back, and the record is never ahead of the status.
 */
export const incarnationsNeverDecrease: Invariant = {
  name: 'incarnations-never-decrease',
  rule: 'what a node holds of a member never goes back to an earlier incarnation',
  watch: () => ({
    changed(at, before, after) {
      if (after === undefined) return
      if (after.recordIncarnation > after.incarnation) {
        throw new InvariantViolation(
          incarnationsNeverDecrease,
          `${showEntry(after)}: the record is ahead of the status`,
          at.node,
          after.name,
        )
      }
      if (before === undefined) return
      if (after.incarnation < before.incarnation || after.recordIncarnation < before.recordIncarnation) {
        throw new InvariantViolation(
          incarnationsNeverDecrease,
          `held ${showEntry(before)}, now ${showEntry(after)}`,
          at.node,
          after.name,
        )
      }
    },
  }),
}

/**
 * At the same incarnation a status only gets worse: `alive < suspect < failed < left` (SWIM §4.2). Above all nothing leads from `failed`
 * to `alive` but a higher incarnation. And a member that did not get worse or newer holds its status since the same instant
 * or, once another has held it for longer, an earlier one.
 */
export const sameIncarnationOnlyWorsens: Invariant = {
  name: 'same-incarnation-only-worsens',
  rule: 'at the same incarnation a status only gets worse: alive < suspect < failed < left',
  watch: () => ({
    changed(at, before, after) {
      if (before === undefined || after === undefined) return
      if (after.incarnation !== before.incarnation) return
      const later = after.status === before.status && after.since > before.since
      if (after.status >= before.status && !later) return
      throw new InvariantViolation(
        sameIncarnationOnlyWorsens,
        later
          ? `${showEntry(before)} since ${before.since} is now held since ${after.since}`
          : `held ${showEntry(before)}, now ${showEntry(after)}`,
        at.node,
        after.name,
      )
    },
  }),
}

/**
 * A claim other than alive about an unknown name creates nothing: a node comes to know a member by an alive claim, by the entry of
 * one that lives in another's table, or by introducing it.
 */
export const unknownNamesCreateNothing: Invariant = {
  name: 'unknown-names-create-nothing',
  rule: 'a claim other than alive about an unknown name creates no member',
  watch: () => ({
    changed(at, before, after) {
      if (before !== undefined || after === undefined || after.status === Status.Alive) return
      const { claims, entries } = at.input
      const introduced =
        claims.some((claim) => claim.type === 'alive' && claim.record.name === after.name) ||
        entries.some(({ record, status }) => record.name === after.name && status <= Status.Suspect)
      if (introduced) return
      throw new InvariantViolation(
        unknownNamesCreateNothing,
        `did not know it and now holds ${showEntry(after)}`,
        at.node,
        after.name,
      )
    },
  }),
}

/** A node holds itself alive, or left once it has said so. It never believes others against itself. */
export const nobodyDoubtsItself: Invariant = {
  name: 'nobody-doubts-itself',
  rule: 'a node holds itself alive until it leaves',
  watch: () => ({
    changed(at, _before, after) {
      if (after?.ref !== at.node.engine.members.self) return
      const { status } = after
      if (status === Status.Alive || (status === Status.Left && at.node.leaving)) return
      throw new InvariantViolation(
        nobodyDoubtsItself,
        `holds ${showEntry(after)} of itself`,
        at.node,
        at.name,
      )
    },
  }),
}
