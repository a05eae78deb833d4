import { samePayload } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/**
 * At rest each node has the payload of every member that has one beside its record, and at no time another than that which the member's record
 * names: what comes from others is believed by its hash.
 */
export const payloadsReachAll: Invariant = {
  name: 'payloads-reach-all',
  rule: 'at rest every node has the payloads of all members that live, as they are, and keeps no others',
  watch: (truth) => ({
    atRest() {
      const standing = truth.standing()
      for (const at of standing) checkMemory(at)
      for (const owner of standing) {
        const { members: own } = owner.node.engine
        const payload = owner.node.engine.payload(own.self)
        for (const at of standing) {
          const { engine } = at.node
          const ref = engine.members.find(owner.name)
          if (ref === undefined) continue
          const named = samePayload(engine.members.record(ref).payload, own.record(own.self).payload)
          const held = engine.payload(ref)
          const same =
            held?.length === payload?.length && (held?.every((byte, i) => byte === payload![i]) ?? true)
          if (named && same) continue
          const what = named ? `has ${held?.length ?? 'none'} bytes of it` : 'knows of another payload'
          throw new InvariantViolation(
            payloadsReachAll,
            `${what}, and it has ${payload?.length ?? 'none'}`,
            at.node,
            owner.name,
          )
        }
      }
    },
  }),
}

/** It keeps none that no record names any more. */
function checkMemory({ node }: Process): void {
  const { members } = node.engine
  let named = 0
  for (let i = 0; i < members.size; i++) {
    const ref = i < members.active ? members.activeAt(i) : members.terminalAt(i - members.active)
    if (ref !== members.self) named += members.record(ref).payload?.size ?? 0
  }
  const { payloadBytes } = node.engine.stats()
  if (payloadBytes! <= named) return
  throw new InvariantViolation(
    payloadsReachAll,
    `keeps ${payloadBytes} bytes of payloads, and records name ${named}`,
    node,
    undefined,
  )
}
