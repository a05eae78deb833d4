import {
  type Codec,
  type Fault,
  isFault,
  type Millis,
  type RequestOutcome,
  type StreamMessage,
} from '@swimkit/core'
import type { Input, SimNode } from '../nodes/sim-node.ts'
import type { Endpoint } from './hosts.ts'

/** What an exchange needs of the simulation. */
export interface ExchangeWorld {
  /**
   * Milliseconds that a segment takes over a link, retransmissions of lost ones included (RFC 6298: 200 ms as Linux has it,
   * doubled each time); undefined where nothing passes.
   */
  leg(from: number, to: number): Millis | undefined
  streams(from: number, to: number): 'open' | 'refused' | 'stalled'
  after(delay: Millis, run: () => void): void
  deliver(node: SimNode, input: Input): void
  /** A message of so many bytes was put on a stream. */
  message(kind: 'request' | 'reply', from: SimNode, to: SimNode, bytes: number): void
  /** A node's engine is about to be handed this, as a request or as an answer. */
  heard(node: SimNode, message: StreamMessage): void
  /** Called after the engine had an input. */
  settle(node: SimNode): void
}

/**
 * One request over a stream, and its answer, as TCP would carry it: dialling takes a round trip, a machine that is up refuses
 * where nobody listens, a process that dies resets, and everything else ends by the limit.
 */
export class Exchange {
  readonly #world: ExchangeWorld
  readonly #from: SimNode
  readonly #to: Endpoint
  readonly #token: number
  readonly #request: readonly Uint8Array[]
  #open = true
  /** Who has accepted it. */
  #server: SimNode | undefined

  constructor(
    world: ExchangeWorld,
    from: SimNode,
    to: Endpoint,
    request: readonly Uint8Array[],
    token: number,
    limit: Millis,
  ) {
    this.#world = world
    this.#from = from
    this.#to = to
    this.#token = token
    this.#request = request
    world.after(limit, () => this.#settle({ kind: 'timeout' }))
  }

  dial(): void {
    this.#leg(true, () => {
      const { node } = this.#to
      const streams = this.#world.streams(this.#from.place, this.#to.place)
      if (streams === 'stalled') return
      if (streams === 'refused' || node === undefined) {
        if (this.#to.host.up) this.#leg(false, () => this.#settle({ kind: 'refused' }))
        return
      }
      this.#server = node
      node.exchanges.add(this)
      this.#leg(false, () =>
        this.#leg(true, () => this.#world.deliver(node, { handle: (at, now) => this.#serve(at, now) })),
      )
    })
  }

  /** The process that had accepted it is gone. A machine that runs says so. */
  reset(): void {
    if (!this.#open || !this.#to.host.up) return
    this.#leg(false, () => this.#settle({ kind: 'reset' }))
  }

  #serve(node: SimNode, now: Millis): void {
    this.#world.message('request', this.#from, node, bytesOf(this.#request))
    const request = readStream(node.codec, this.#request)
    if (!isFault(request)) this.#world.heard(node, request)
    const { address } = this.#from
    const reply = [
      ...(isFault(request) ? node.engine.refuse(request) : node.engine.exchange(request, now, address)),
    ]
    node.exchanges.delete(this)
    this.#world.settle(node)
    this.#leg(false, () => {
      this.#world.message('reply', node, this.#from, bytesOf(reply))
      const answer = readStream(this.#from.codec, reply)
      this.#settle(isFault(answer) ? { kind: 'fault', fault: answer } : { kind: 'reply', reply: answer })
    })
  }

  #settle(outcome: RequestOutcome): void {
    if (!this.#open) return
    this.#open = false
    this.#server?.exchanges.delete(this)
    this.#world.deliver(this.#from, {
      handle: (node, now) => {
        if (outcome.kind === 'reply') this.#world.heard(node, outcome.reply)
        node.engine.settled(this.#token, outcome, now)
        this.#world.settle(node)
      },
    })
  }

  #leg(forward: boolean, then: () => void): void {
    const here = this.#from.place
    const there = this.#to.place
    const delay = forward ? this.#world.leg(here, there) : this.#world.leg(there, here)
    if (delay !== undefined) this.#world.after(delay, then)
  }
}

const bytesOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0)

function readStream(codec: Codec, chunks: readonly Uint8Array[]): StreamMessage | Fault {
  const reader = codec.streamReader()
  for (const chunk of chunks) {
    const result = reader.push(chunk)
    if (result !== undefined) return result
  }
  return { fault: 'malformed', detail: 'the stream ended before its message' }
}
