import {
  type Accusation,
  type AliveClaim,
  type EvidenceKind,
  type FailedClaim,
  isFault,
  type LeftClaim,
  type Message,
  type PeerRecord,
  type Sender,
  type SuspectClaim,
} from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation, type SimulationOptions } from '@swimkit/simulator'
import { recordOf } from './cluster.ts'

/** Seconds on the wall clocks of simulated nodes at the beginning. */
export const wall = 1_767_225_600

/**
 * A member that lies. It has the key, so what it says is read like anybody's, and says whatever it likes: as itself, or, since nothing
 * is signed, as another. Its engine goes on as an honest one does, so that it stays a member.
 */
export class Liar {
  readonly node: SimNode
  readonly #simulation: Simulation

  constructor(simulation: Simulation, node: SimNode) {
    this.#simulation = simulation
    this.node = node
  }

  /** What a packet or stream of this member says of its sender. */
  senderOf(node: SimNode = this.node): Sender {
    const { engine } = node
    const { boot, name } = recordOf(engine, node.name)
    return { name, boot, incarnation: engine.members.incarnation(engine.members.self) }
  }

  /** Bytes of a packet, to be sent as often as one likes. */
  packet(messages: readonly Message[], as: Sender = this.senderOf()): Uint8Array {
    const { codec } = this.node
    return codec.bundle(
      as,
      messages.map((message) => codec.encode(message)),
      undefined,
    )
  }

  /** Sends a packet to each. */
  tell(to: readonly SimNode[], ...messages: readonly Message[]): void {
    const packet = this.packet(messages)
    for (const node of to) this.throwAt(node, packet)
  }

  throwAt(node: SimNode, packet: Uint8Array): void {
    this.#simulation.call(node, (engine, now) => engine.receive(this.node.address, packet, now))
  }

  /** Says something over a stream; what comes back. */
  ask(node: SimNode, message: Message, as: Sender = this.senderOf()): Message {
    const reader = node.codec.streamReader()
    const answer = this.#simulation.call(node, (engine, now) => {
      let read: ReturnType<typeof reader.push>
      for (const chunk of engine.exchange({ sender: as, message }, now)) read = reader.push(chunk)
      return read
    })
    if (answer === undefined || isFault(answer)) throw new Error('an answer that cannot be read')
    return answer.message
  }

  /** The record of a member, or one made up after its own. */
  record(name: string, change: Partial<PeerRecord> = {}): PeerRecord {
    const { members } = this.node.engine
    const ref = members.find(name)
    const own = recordOf(this.node.engine, this.node.name)
    return { ...(ref === undefined ? { ...own, name } : members.record(ref)), ...change }
  }
}

/**
 * A group of honest members, and one that lies. Without invariants: most of them say what holds among those who tell the truth. What holds all the
 * same is what these tests claim.
 */
export function betrayed(
  honest: number,
  options: Partial<SimulationOptions> = {},
): { readonly net: Simulation; readonly nodes: readonly SimNode[]; readonly liar: Liar } {
  const net = new Simulation({ detectors: () => [pingAck(), gossip()], ...options })
  const all = net.populate(honest + 1)
  net.run(10_000)
  return { net, nodes: all.slice(0, honest), liar: new Liar(net, all[honest]!) }
}

export const alive = (incarnation: number, record: PeerRecord): AliveClaim => ({
  type: 'alive',
  incarnation,
  record,
})

export const suspect = (
  name: string,
  incarnation: number,
  accusers: readonly string[],
  evidence: EvidenceKind = 'timeout',
): SuspectClaim => ({
  type: 'suspect',
  name,
  incarnation,
  accusations: accusers.map((accuser): Accusation => ({ accuser, evidence })),
})

export const failed = (name: string, incarnation: number, accuser: string): FailedClaim => ({
  type: 'failed',
  name,
  incarnation,
  accuser,
  evidence: 'timeout',
})

export const left = (name: string, incarnation: number, by = name): LeftClaim => ({
  type: 'left',
  name,
  incarnation,
  by,
})
