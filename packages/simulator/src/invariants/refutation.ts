import type { Claim, Millis, Settings, SyncEntry } from '@swimkit/core'
import { Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** What a process has heard against itself and not refuted yet. */
interface Doubt {
  readonly incarnation: number
  /** On its own clock. */
  readonly at: Millis
}

/**
 * A node that hears of itself at its own incarnation or above with another status refutes with a higher one, at most once per
 * probe interval: so at the latest one interval after it heard, as soon as it has a chance to.
 */
export const membersRefute: Invariant = {
  name: 'members-refute',
  rule: 'a node that hears a claim against itself has a higher incarnation within one probe interval, unless it leaves',
  watch: ({ settings }) => {
    const doubts = new WeakMap<Process, Doubt>()
    return {
      settled(at) {
        const { engine } = at.node
        if (!at.standing) {
          doubts.delete(at)
          return
        }
        const { members } = engine
        const own = members.incarnation(members.self)
        const heard = highestAgainst(at, settings)
        let doubt = doubts.get(at)
        // The claim was taken in before the node's answer to it, which this input may have seen already.
        if (heard >= own && (doubt === undefined || heard > doubt.incarnation)) {
          doubt = { incarnation: heard, at: doubt?.at ?? at.input.at }
          doubts.set(at, doubt)
        }
        if (doubt === undefined) return
        if (own > doubt.incarnation) {
          doubts.delete(at)
          return
        }
        if (at.input.kind !== 'tick' || at.input.at <= doubt.at + settings.probeInterval + 1e-6) return
        throw new InvariantViolation(
          membersRefute,
          `has heard a claim against itself at ${doubt.incarnation} ${Math.round(at.input.at - doubt.at)} ms ago, and is still at ${own}`,
          at.node,
          at.name,
        )
      },
    }
  },
}

/** See {@link membersRefute}: two refutations are at least a probe interval apart. */
export const refutationsAreSpaced: Invariant = {
  name: 'refutations-are-spaced',
  rule: 'a node refutes at most once per probe interval',
  watch: ({ settings }) => {
    const last = new WeakMap<Process, { count: number; at: Millis; incarnation: number }>()
    return {
      settled(at) {
        const { members } = at.node.engine
        const incarnation = members.incarnation(members.self)
        const known = last.get(at)
        if (known?.incarnation === incarnation) return
        const count = at.node.engine.stats().refutations
        if (known === undefined || known.count === count) {
          last.set(at, { count, at: known?.at ?? Number.NEGATIVE_INFINITY, incarnation })
          return
        }
        const apart = at.input.at - known.at
        last.set(at, { count, at: at.input.at, incarnation })
        if (count === known.count + 1 && apart >= settings.probeInterval - 1e-6) return
        throw new InvariantViolation(
          refutationsAreSpaced,
          `has refuted ${count - known.count} times, ${Math.round(apart)} ms after the last time`,
          at.node,
          at.name,
        )
      },
    }
  },
}

/** The highest incarnation at which an input claims something other than alive of its receiver; −1: it does not. */
function highestAgainst(
  { input: { claims, entries }, name, node }: Process,
  { failedRetention, leftRetention }: Settings,
): number {
  const against = (claim: Claim): number =>
    claim.type !== 'alive' && claim.name === name ? claim.incarnation : -1
  const entryAgainst = ({ age, incarnation, record, status }: SyncEntry): number => {
    if (record.name !== name || status === Status.Alive) return -1
    // What is past its retention is nobody's business any more.
    const keep = status === Status.Failed ? failedRetention : leftRetention
    return status !== Status.Suspect && age * 1_000 > keep ? -1 : incarnation
  }
  // Without digests a request has entries that are not taken if the request is refused.
  const taken = node.codec.digests ? entries : []
  return Math.max(-1, ...claims.map(against), ...taken.map(entryAgainst))
}
