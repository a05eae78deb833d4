import type { Address, Delivery, EngineEvent, Millis, StreamMessage } from '@swimkit/core'
import type { SimNode } from './nodes/sim-node.ts'

/** Looks on. Called while an event of the simulation is handled: may read everything and change nothing. */
export interface Observer {
  started?(node: SimNode): void
  ended?(node: SimNode): void
  /** A node was paused, resumed, blocked, let go, slowed down or sped up, or its clock changed. */
  disturbed?(node: SimNode, now: Millis): void
  /** Links changed. */
  relinked?(now: Millis): void
  /** A node is about to be handed a packet. */
  received?(node: SimNode, packet: Uint8Array, from: SimNode, now: Millis): void
  /** A node is about to be handed what came over a stream: a request, or the answer to one of its own. */
  heard?(node: SimNode, message: StreamMessage, now: Millis): void
  /** A node is about to run what is due; `due` is since when, on its own clock. */
  ticking?(node: SimNode, due: Millis, now: Millis): void
  /** A node's engine has sent a packet, which is held as long as the node is blocked. Its state is that after the input that led to it. */
  packet?(from: SimNode, to: Address, packet: Uint8Array, now: Millis): void
  /** A node reported a change. `now` is the simulation's, `event.at` the node's own clock. */
  event?(node: SimNode, event: EngineEvent, now: Millis): void
  /** A node was told something by others. */
  delivered?(node: SimNode, delivery: Delivery, now: Millis): void
  /** A node has handled an input, and all that it led to. */
  settled?(node: SimNode, now: Millis): void
}
