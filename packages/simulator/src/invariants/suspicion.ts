import {
  type Accusation,
  confirmationsWanted,
  type Millis,
  type Settings,
  Status,
  type SuspicionView,
  suspicionMin,
  suspicionTimeout,
} from '@swimkit/core'
import { longestSuspicion } from './durations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { suspicionsOf } from './inspection.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { claimKey, type Process, startAfter } from './process.ts'

/** Timeout of a suspicion with so many accusers, begun among n active members (Lifeguard §4.2). */
export function timeoutOf(settings: Settings, accusers: number, n: number): Millis {
  const min = suspicionMin(n, settings.suspicionMult, settings.probeInterval)
  const max = Math.round(min * settings.suspicionMaxMult)
  return suspicionTimeout(accusers - 1, confirmationsWanted(n, settings.suspicionConfirmations), min, max)
}

/**
 * A suspicion is what it says it is: of the incarnation that is held suspect; its accusers are distinct and exist; and each of them
 * really has something against the member at that incarnation. Who reports a timeout or a refused stream has looked itself;
 * who is named as having been heard (a table came from it) held the member suspect or worse. The accusers of a node's own
 * suspicions are what other nodes shorten theirs by, so a false one fails a member that lives.
 */
export const accusersAreReal: Invariant = {
  name: 'accusers-are-real',
  rule: 'the accusers of a suspicion are distinct, and each has had evidence against that member at that incarnation',
  watch: (truth) => ({
    settled(at) {
      const { members } = at.node.engine
      if (at.entries === undefined || members.count(Status.Suspect) === 0) return
      const suspicions = suspicionsOf(at.node)
      if (suspicions.size !== members.count(Status.Suspect)) {
        throw new InvariantViolation(
          accusersAreReal,
          `holds ${members.count(Status.Suspect)} suspect, and ${suspicions.size} suspicions`,
          at.node,
          undefined,
        )
      }
      for (const [ref, suspicion] of suspicions) {
        const before = at.suspicions.get(ref)
        const same = before?.incarnation === suspicion.incarnation
        if (same && saysTheSame(before.accusations, suspicion.accusations)) continue
        const problem = problemWith(truth, at, members.name(ref), suspicion)
        if (problem === undefined) continue
        throw new InvariantViolation(accusersAreReal, problem, at.node, members.name(ref))
      }
    },
  }),
}

function problemWith(
  truth: GroundTruth,
  at: Process,
  name: string,
  { accusations, incarnation, ref }: SuspicionView,
): string | undefined {
  const held = at.node.engine.members.incarnation(ref)
  if (held !== incarnation) return `holds it at ${held}, and suspects it at ${incarnation}`
  if (accusations.length === 0) return 'suspects it without an accuser'
  const key = claimKey(name, incarnation)
  const accusers = new Set<string>()
  for (const { accuser, evidence } of accusations) {
    if (accusers.has(accuser)) return `counts ${accuser} twice among its accusers`
    accusers.add(accuser)
    const looked = evidence === 'timeout' || evidence === 'refused'
    const own = accuser === at.name
    if (own && looked && at.hasLookedAt(ref, truth.settings, evidence)) {
      at.accused.add(key)
      if (evidence === 'refused') at.foundClosed.add(key)
    }
    // Another process under the own name may have been it.
    const known = truth.named(accuser).some((process) => {
      if (evidence === 'refused') return process.foundClosed.has(key)
      return looked ? process.accused.has(key) : process.heldAgainst.has(key)
    })
    if (known || (own && !looked)) continue
    return own
      ? `accuses it at ${incarnation} of ${evidence}, without having looked at it at that incarnation for as long as that takes, without a stall`
      : `names ${accuser} as its accuser (${evidence}) at ${incarnation}, who has never accused it of that`
  }
  return undefined
}

const saysTheSame = (before: readonly Accusation[], after: readonly Accusation[]): boolean =>
  before.length === after.length && before.every(({ evidence }, i) => evidence === after[i]!.evidence)

/** How a suspicion began: the sizes of the group that fit its first deadline. */
interface Begun {
  readonly incarnation: number
  sizes: readonly number[]
}

/**
 * A suspicion's deadline is what Lifeguard's formula makes of its distinct accusers and the size of the group when it began (§4.2):
 * never before `min`, never after `max`. It begins when it is taken on; a stall of its node, and nothing else, moves beginning
 * and deadline, both by as much of it as the suspicion has seen.
 */
export const deadlinesFollowTheFormula: Invariant = {
  name: 'deadlines-follow-the-formula',
  rule: "a suspicion's deadline is what its distinct accusers and the size of the group make it, and moves by stalls alone",
  watch: ({ settings }) => {
    const begun = new WeakMap<Process, Map<SuspicionView['ref'], Begun>>()
    return {
      settled(at) {
        const { members } = at.node.engine
        if (at.entries === undefined || members.count(Status.Suspect) === 0) return
        let known = begun.get(at)
        if (known === undefined) {
          known = new Map()
          begun.set(at, known)
        }
        for (const [ref, suspicion] of suspicionsOf(at.node)) {
          const { accusations, deadline, incarnation, start } = suspicion
          const fail = (what: string) =>
            new InvariantViolation(deadlinesFollowTheFormula, what, at.node, members.name(ref))
          const before = at.suspicions.get(ref)
          const goesOn = before !== undefined && before.incarnation === incarnation
          const since = goesOn ? startAfter(at, before.start, settings) : at.input.at
          if (Math.abs(start - since) > 1e-3) {
            throw fail(`suspects it since ${start}, and that should be ${since}`)
          }
          let begin = known.get(ref)
          if (begin === undefined || begin.incarnation !== incarnation || !goesOn) {
            begin = { incarnation, sizes: at.sizesDuring }
            known.set(ref, begin)
          }
          const shifted = goesOn ? before.deadline + start - before.start : Number.POSITIVE_INFINITY
          const more = !goesOn || accusations.length > before.accusations.length
          const expected = (n: number): Millis => {
            const formula = start + timeoutOf(settings, accusations.length, n)
            // A confirmation may come when the time is over that it leaves.
            return more ? Math.min(shifted, goesOn ? Math.max(at.input.at, formula) : formula) : shifted
          }
          const { sizes } = begin
          begin.sizes = sizes.filter((n) => Math.abs(expected(n) - deadline) < 1e-3)
          if (begin.sizes.length > 0) continue
          // A node that doubts itself gives its suspects longer, up to the longest.
          const longest = (n: number): Millis => start + longestSuspicion(settings, n)
          if (goesOn && at.node.engine.doubtful && sizes.some((n) => deadline <= longest(n) + 1e-3)) {
            begin.sizes = sizes
            continue
          }
          throw fail(
            `gives it ${Math.round(deadline - start)} ms, with ${accusations.length} accusers; the formula has ${timeoutOf(settings, accusations.length, members.active)} ms`,
          )
        }
      },
    }
  },
}
