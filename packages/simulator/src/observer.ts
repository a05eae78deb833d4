import type { Address, EngineEvent, Millis, StreamMessage } from '@swimkit/core'
import type { SimNode } from './nodes/sim-node.ts'

/** What may be done to a node or, as `rules`, to links. */
export type Disturbance = 'pause' | 'resume' | 'block' | 'unblock' | 'slow' | 'drift' | 'rules'

/** Looks on. Called while an event of the simulation is handled: may read everything and change nothing. */
export interface Observer {
  started?(node: SimNode): void
  ended?(node: SimNode): void
  /** Something was done to a node, or to links. */
  disturbed?(what: Disturbance, node: SimNode | undefined, now: Millis): void
  /** A node is about to be handed a packet. */
  received?(node: SimNode, packet: Uint8Array, from: SimNode, now: Millis): void
  /** A node is about to be handed what came over a stream: a request, or the answer to one of its own. */
  heard?(node: SimNode, message: StreamMessage, now: Millis): void
  /** A node is about to run what is due; `due` is since when, on its own clock. */
  ticking?(node: SimNode, due: Millis, now: Millis): void
  /** A node has sent a packet. Its state is that after the input that led to it. */
  packet?(from: SimNode, to: Address, packet: Uint8Array, now: Millis): void
  /** A node reported a change. `now` is the simulation's, `event.at` the node's own clock. */
  event?(node: SimNode, event: EngineEvent, now: Millis): void
  /** A node has handled an input, and all that it led to. */
  settled?(node: SimNode, now: Millis): void
}
