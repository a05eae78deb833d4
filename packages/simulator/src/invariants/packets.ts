import { type Claim, sameAddress } from '@swimkit/core'
import { mostTellings } from './durations.ts'
import { isClaim } from './inspection.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** A byte budget end to end: no packet is larger than the transport and the settings allow. */
export const packetsFit: Invariant = {
  name: 'packets-fit',
  rule: 'no packet is larger than the budget',
  watch: () => ({
    sent(by, _to, packet) {
      const { maxPacketBytes } = by.node
      if (packet.length <= maxPacketBytes) return
      throw new InvariantViolation(
        packetsFit,
        `sent ${packet.length} bytes; the budget is ${maxPacketBytes}`,
        by.node,
        undefined,
      )
    },
  }),
}

/** How often a process has told what, since it came to hold it. */
interface Told {
  readonly times: Map<string, number>
  mostActive: number
}

/**
 * Every update is told `ceil(retransmitMult × (1 + log10(n + 1)))` times by each member, and no more (SWIM §4.1): load would otherwise grow
 * with the age of news. What a member is told of itself, by the buddy rule, is not counted. n is the most members that the
 * node has held active.
 */
export const updatesAreToldSoOften: Invariant = {
  name: 'updates-are-told-so-often',
  rule: 'a node tells an update at most ceil(retransmitMult × (1 + log10(n + 1))) times',
  watch: (truth) => {
    const told = new WeakMap<Process, Told>()
    return {
      sent(by, to, _packet, { messages }) {
        const { members } = by.node.engine
        let own = told.get(by)
        if (own === undefined) {
          own = { times: new Map(), mostActive: 0 }
          told.set(by, own)
        }
        own.mostActive = Math.max(own.mostActive, members.active)
        for (const message of messages) {
          if (!isClaim(message)) continue
          const name = subjectOf(message)
          const ref = members.find(name)
          // One that has left says so to everybody for as long as it runs.
          if (ref === members.self && message.type === 'left') continue
          if (ref !== undefined && sameAddress(members.record(ref).address, to)) continue
          if (truth.named(name).some(({ node }) => sameAddress(node.address, to))) continue
          const key = keyOf(message)
          const times = (own.times.get(key) ?? 0) + 1
          own.times.set(key, times)
          const most = mostTellings(truth.settings, own.mostActive)
          if (times <= most) continue
          throw new InvariantViolation(
            updatesAreToldSoOften,
            `has told ${key} ${times} times; ${most} is enough for ${own.mostActive} members`,
            by.node,
            name,
          )
        }
      },
      changed(at, _before, after) {
        // Whoever forgets a member and comes to know it again has the same to tell again.
        if (after === undefined) told.get(at)?.times.clear()
      },
    }
  },
}

const subjectOf = (claim: Claim): string => (claim.type === 'alive' ? claim.record.name : claim.name)

function keyOf(claim: Claim): string {
  const key = `${claim.type} ${claim.type === 'alive' ? claim.record.name : claim.name}@${claim.incarnation}`
  if (claim.type === 'alive') return `${key} of boot ${claim.record.boot}`
  if (claim.type === 'left') return claim.prune ? `${key}, pruned` : key
  return claim.type === 'suspect'
    ? `${key} by ${claim.accusations.map(({ accuser, evidence }) => `${accuser} (${evidence})`).join(', ')}`
    : key
}
