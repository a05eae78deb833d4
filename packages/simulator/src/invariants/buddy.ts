import { type Message, Status, sameAddress } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'
import { showClaim } from './show.ts'

const claimTypes = ['alive', 'suspect', 'failed', 'left'] as const

/**
 * Buddy, both ways (Lifeguard §4.3): any packet to a member that is held suspect, failed or left, a reply included, carries that
 * claim before anything else, so that one that lives hears of it and refutes. A packet says only to which address it
 * goes: if a member that is held alive is there too, or a process under another name has or had that address, it may be for that one. A
 * ping is for the one that it names, and if it names a process for that alone.
 */
export const buddiesAreTold: Invariant = {
  name: 'buddies-are-told',
  rule: 'a packet to a member that is held suspect, failed or left begins with that claim',
  watch: (truth) => ({
    sent(by, to, packet, { messages }) {
      const { members } = by.node.engine
      if (members.count(Status.Alive) === members.size) return
      const there = heldThere(by, to)
      if (there.length === 0 || there.some((ref) => members.status(ref) === Status.Alive)) return
      const names = there.map((ref) => members.name(ref))
      const others = truth.processes.filter(({ node }) => sameAddress(node.address, to))
      if (others.some(({ name }) => !names.includes(name))) return
      const ping = messages.find((message) => message.type === 'ping')
      if (ping !== undefined && !names.includes(ping.target)) return
      const boot = ping?.boot
      if (boot !== undefined && !there.some((ref) => members.record(ref).boot === boot)) return
      const [first] = messages
      const told = there.some(
        (ref) =>
          first !== undefined &&
          isAbout(first, members.name(ref), claimTypes[members.status(ref)], members.incarnation(ref)),
      )
      // With no room for a claim of the usual size nothing is cut, and the message goes alone.
      if (told || packet.length + 400 > by.node.maxPacketBytes) return
      const ref = there[0]!
      throw new InvariantViolation(
        buddiesAreTold,
        `holds it ${showClaim(members.status(ref), members.incarnation(ref))}, and sends it a packet that begins with ${first?.type ?? 'nothing'}`,
        by.node,
        members.name(ref),
      )
    },
  }),
}

function heldThere({ node: { engine } }: Process, to: Parameters<typeof sameAddress>[0]) {
  const { members } = engine
  const refs = []
  for (let i = 0; i < members.size; i++) {
    const ref = i < members.active ? members.activeAt(i) : members.terminalAt(i - members.active)
    if (ref !== members.self && sameAddress(members.record(ref).address, to)) refs.push(ref)
  }
  return refs
}

const isAbout = (
  message: Message,
  name: string,
  type: (typeof claimTypes)[number],
  incarnation: number,
): boolean =>
  message.type === type &&
  message.type !== 'alive' &&
  message.name === name &&
  message.incarnation === incarnation
