import type { Millis, Random } from '@swimkit/core'
import { LinkDraw } from './draw.ts'
import { drawLatency } from './latency.ts'
import type { LinkRules } from './rules.ts'

/** First retransmission of a lost segment (RFC 6298 asks for a second; Linux has 200 ms), doubled each time. Milliseconds. */
const firstRetransmission = 200
const retransmissions = 6

/** How long what is sent over a stream is under way. */
export class Segments {
  readonly #rules: LinkRules
  readonly #draw: LinkDraw
  #legs = 0

  constructor(rules: LinkRules, random: Random) {
    this.#rules = rules
    this.#draw = new LinkDraw(random.u32())
  }

  /** Milliseconds from one place to another, retransmissions included; undefined: it never arrives. */
  leg(from: number, to: number, now: Millis): Millis | undefined {
    if (from < 0 || to < 0) return undefined
    const { cut, latency, loss } = this.#rules.of(from, to)
    if (cut === 'streams' || cut === 'everything') return undefined
    const draw = this.#draw
    draw.turn(from, to, now, this.#legs++)
    let delay = drawLatency(latency, draw)
    let wait = firstRetransmission
    for (let lost = 0; loss > 0 && draw.fraction() < loss; lost++) {
      if (lost === retransmissions) return undefined
      delay += wait
      wait *= 2
    }
    return delay
  }
}
