import { type Millis, type Ref, type Settings, Status } from '@swimkit/core'
import type { LookOrder } from '../scenario/scenario.ts'
import { detectionBound, longestAlternatingDetection, longestPeriod } from './durations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { type Entry, type Process, stallEndedBy } from './process.ts'
import { showEntry } from './show.ts'

/** Since when a node holds a dead process active, without anything having happened to that, on its own clock. */
interface Owed {
  readonly since: Millis
  readonly size: number
}

/**
 * Completeness, at each node for itself: a process that is gone is failed within the longest detection, `(2(n − 1) − 1)` periods for
 * a round-robin look (SWIM §4.3), one for the look itself, and an unconfirmed suspicion, every period of `healthMax` + 1 probe
 * intervals; whatever the network does, as nobody is there to answer. The time starts anew with every newer claim that it lives, and
 * with whatever is done to the node that looks.
 *
 * Where every second look is at the ring's successor it is twice that. With uniform selection (`look: 'random'`) no bound is certain: see `likelyDetection`.
 */
export function theDeadAreFound(look: LookOrder = 'ring-successor'): Invariant {
  const longest = detectionBound(look)
  const invariant: Invariant = {
    name: 'the-dead-are-found',
    rule: 'a node fails a process that is gone within (2n − 1) periods and a suspicion, by itself',
    watch: (truth) => {
      const owed = new WeakMap<Process, Map<Ref, Owed>>()
      return {
        changed(at, before, after) {
          const { ref } = (after ?? before)!
          if (after?.status === before?.status && after?.incarnation === before?.incarnation) return
          // A suspicion is on the way to a failure; anything else is news of it.
          if (after?.status !== Status.Suspect || after.incarnation !== before?.incarnation)
            owed.get(at)?.delete(ref)
        },
        settled(at) {
          if (at.entries === undefined || at.input.kind !== 'tick') return
          let own = owed.get(at)
          // Another detector begins its round anew.
          if (at.input.events.some(({ type }) => type === 'switch')) own?.clear()
          if (!at.standing || at.disturbed || stallEndedBy(at, truth.settings) > 0) {
            own?.clear()
            return
          }
          for (const entry of at.entries.values()) {
            if (!isOwed(truth, at, entry)) {
              own?.delete(entry.ref)
              continue
            }
            if (own === undefined) {
              own = new Map()
              owed.set(at, own)
            }
            const size = at.node.engine.members.size
            const known = own.get(entry.ref)
            if (known === undefined) {
              own.set(entry.ref, { since: at.input.at, size })
              continue
            }
            if (size > known.size) own.set(entry.ref, { ...known, size })
            const waited = at.input.at - known.since
            if (waited <= longest(truth.settings, Math.max(size, known.size)) + slack(truth.settings))
              continue
            throw new InvariantViolation(
              invariant,
              `holds ${showEntry(entry)} for ${Math.round(waited)} ms, although that process is gone`,
              at.node,
              entry.name,
            )
          }
        },
      }
    },
  }
  return invariant
}

/** Whether a node holds somebody active who is not there. Who is dead but has a successor at its address is answered for. */
function isOwed(truth: GroundTruth, at: Process, { record, ref, status }: Entry): boolean {
  if (status > Status.Suspect || ref === at.node.engine.members.self) return false
  const process = truth.behind(record)
  if (process === undefined || process.running) return false
  return !truth.listens(record.name, record.address)
}

/** Timers of one instant are in order of arming, and a tick may be a moment late: one more period. */
const slack = (settings: Settings): Millis => longestPeriod(settings)

/**
 * Accuracy in calm: with nothing done to anybody and nothing lost, a member that lives and answers is not accused. Calm has to have lasted
 * as long as a look and a suspicion, so that nothing of worse times is left.
 */
export const nobodyIsAccusedInCalm: Invariant = {
  name: 'nobody-is-accused-in-calm',
  rule: 'in calm nobody gets no answer of a member that lives',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after?.status !== Status.Suspect || before?.status === Status.Suspect) return
      const accusation = at.node.engine.suspicion(after.ref)?.accusations[0]
      if (accusation?.accuser !== at.name || accusation.evidence === 'heard') return
      const accused = truth.behind(after.record)
      if (accused === undefined || !accused.standing) return
      const long = longestVerdict(truth, at)
      if (truth.calmFor() < long || truth.now - accused.startedAt < long || truth.now - at.startedAt < long)
        return
      throw new InvariantViolation(
        nobodyIsAccusedInCalm,
        `accuses it of ${accusation.evidence}, and nothing keeps it from answering`,
        at.node,
        after.name,
      )
    },
  }),
}

const longestVerdict = ({ settings }: GroundTruth, at: Process): Millis =>
  longestAlternatingDetection(settings, at.node.engine.members.size)
