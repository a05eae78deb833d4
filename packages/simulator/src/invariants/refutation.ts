import type { Claim, Millis, Settings, SyncEntry } from '@swimkit/core'
import { Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** What a process has heard against itself and not refuted yet, and when it last refuted. Instants are on its own clock. */
interface Refuting {
  /** Own incarnation after the last input, and refutations so far. */
  incarnation: number
  count: number
  last: Millis
  doubt: { readonly incarnation: number; readonly at: Millis } | undefined
}

/**
 * A node that hears of itself at its own incarnation or above with another status refutes with a higher one: at once, or if it refuted
 * less than a probe interval ago, when that is over. It never refutes more often.
 */
export const membersRefute: Invariant = {
  name: 'members-refute',
  rule: 'a node refutes what it hears against itself at once, and never twice within a probe interval',
  watch: ({ settings }) => {
    const states = new WeakMap<Process, Refuting>()
    const breach = (at: Process, what: string) =>
      new InvariantViolation(membersRefute, what, at.node, at.name)
    const { probeInterval } = settings

    function noteRefutations(at: Process, state: Refuting, own: number): void {
      if (own === state.incarnation) return
      state.incarnation = own
      const { refutations } = at.node.engine.stats()
      const more = refutations - state.count
      if (more === 0) return
      const apart = at.input.at - state.last
      state.count = refutations
      state.last = at.input.at
      if (more > 1 || apart < probeInterval - 1e-6) {
        throw breach(at, `has refuted ${more} times, ${Math.round(apart)} ms after the last time`)
      }
    }

    return {
      settled(at) {
        const { members } = at.node.engine
        const own = members.incarnation(members.self)
        let state = states.get(at)
        if (state === undefined) {
          state = { incarnation: own, count: 0, last: Number.NEGATIVE_INFINITY, doubt: undefined }
          states.set(at, state)
        }
        noteRefutations(at, state, own)
        if (!at.standing) {
          state.doubt = undefined
          return
        }
        // What this input has refuted at once is below the own incarnation by now.
        const heard = highestAgainst(at, settings)
        if (heard >= own && heard > (state.doubt?.incarnation ?? -1)) {
          state.doubt = { incarnation: heard, at: state.doubt?.at ?? at.input.at }
        }
        const { doubt } = state
        if (doubt === undefined) return
        if (own > doubt.incarnation) {
          state.doubt = undefined
          return
        }
        const due = Math.max(doubt.at, state.last + probeInterval)
        if (at.input.kind !== 'tick' || at.input.at <= due + 1e-6) return
        throw breach(
          at,
          `heard a claim against itself at ${doubt.incarnation} ${Math.round(at.input.at - doubt.at)} ms ago, and is still at ${own}`,
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
