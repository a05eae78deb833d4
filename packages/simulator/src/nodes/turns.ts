import type { Millis } from '@swimkit/core'
import type { Traffic } from '../network/traffic.ts'
import type { Input, SimNode } from './sim-node.ts'

/** The time in which turns are taken. */
export interface Timeline {
  readonly now: Millis
  after(delay: Millis, run: () => void): void
}

/**
 * When a process handles what arrives, and when what it sends gets out: at once, unless it stands still, is slow, or its input and output
 * are blocked.
 */
export class Turns {
  readonly #time: Timeline
  readonly #traffic: Traffic
  /** Inputs, and sends, that wait for a process at most: an operating system would drop more. */
  readonly #limit: number

  constructor(time: Timeline, traffic: Traffic, limit: number) {
    this.#time = time
    this.#traffic = traffic
    this.#limit = limit
  }

  /** Hands an input to a process, now or when it can take it. */
  deliver(node: SimNode, input: Input): void {
    if (node.state === 'gone') return
    const busy = node.slowness > 0 || node.turnScheduled
    if (node.ready || (node.state === 'up' && !node.blocked && !busy)) {
      this.#handle(node, input)
      return
    }
    if (node.inbox.length >= this.#limit) {
      this.#traffic.inboxFull++
      return
    }
    node.inbox.push(input)
    if (node.state === 'up' && !node.blocked) this.#takeTurn(node)
  }

  /** Lets something out that a process sends, now or when it is no longer blocked. */
  out(node: SimNode, send: () => void): void {
    if (node.state === 'gone') return
    if (!node.blocked) send()
    else if (node.held.length < this.#limit) node.held.push(send)
    else this.#traffic.inboxFull++
  }

  /** A process goes on: it handles what has arrived meanwhile. */
  goOn(node: SimNode): void {
    if (node.slowness > 0) {
      if (node.inbox.length > 0) this.#takeTurn(node)
      return
    }
    for (const input of node.inbox.splice(0)) if (node.state === 'up') this.#handle(node, input)
  }

  /** Lets a slow process handle one input, once it is through with the last. */
  #takeTurn(node: SimNode): void {
    if (node.turnScheduled) return
    node.turnScheduled = true
    node.look()
    this.#time.after(node.busyUntil - this.#time.now, () => {
      node.turnScheduled = false
      node.look()
      if (node.state !== 'up' || node.blocked) return
      const input = node.inbox.shift()
      if (input === undefined) return
      node.busyUntil = this.#time.now + node.slowness
      this.#handle(node, input)
      if (node.inbox.length > 0) this.#takeTurn(node)
    })
  }

  #handle(node: SimNode, input: Input): void {
    input.handle(node, node.clock.local(this.#time.now))
  }
}
