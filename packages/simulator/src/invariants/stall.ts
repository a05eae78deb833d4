import { type Invariant, InvariantViolation } from './invariant.ts'
import { claimKey, stallEndedBy } from './process.ts'

/**
 * After a stall no verdict from the past: a tick that is late by more than one probe interval voids pending probes, so nobody is
 * accused in it, and makes local health worse. That suspicions get the time is a matter of their deadlines.
 */
export const stallsJudgeNobody: Invariant = {
  name: 'stalls-judge-nobody',
  rule: 'a node that stood still accuses nobody of what it has missed, and does not count as healthy',
  watch: ({ settings }) => ({
    settled(at) {
      const { engine } = at.node
      if (stallEndedBy(at, settings) === 0) return
      if (engine.health < Math.min(1, settings.healthMax)) {
        throw new InvariantViolation(
          stallsJudgeNobody,
          `was ${Math.round(at.input.late)} ms late, and its health is ${engine.health} of ${settings.healthMax}`,
          at.node,
          undefined,
        )
      }
      for (const { incarnation, record, type } of at.input.events) {
        if (type !== 'suspect' && type !== 'failed') continue
        const ref = engine.members.find(record.name)
        const suspicion = ref === undefined ? undefined : at.suspicions.get(ref)
        // Whom it had suspected before, it may fail once the time is over that it gets on top.
        if (type === 'failed' && suspicion?.incarnation === incarnation) continue
        throw new InvariantViolation(
          stallsJudgeNobody,
          `comes to a tick ${Math.round(at.input.late)} ms late, and reports ${type} at once (${claimKey(record.name, incarnation)})`,
          at.node,
          record.name,
        )
      }
    },
  }),
}
