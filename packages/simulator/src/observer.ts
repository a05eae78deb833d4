import type { Address, EngineEvent, Millis } from '@swimkit/core'
import type { SimNode } from './nodes/sim-node.ts'

/** Looks on. Called while an event of the simulation is handled: may read everything and change nothing. */
export interface Observer {
  started?(node: SimNode): void
  ended?(node: SimNode): void
  /** A node reported a change. `now` is the simulation's, `event.at` the node's own clock. */
  event?(node: SimNode, event: EngineEvent, now: Millis): void
  /** A node has handled an input, and all that it led to. */
  settled?(node: SimNode, now: Millis): void
  /** A node has sent a packet. */
  packet?(from: SimNode, to: Address, packet: Uint8Array, now: Millis): void
}
