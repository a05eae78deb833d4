import type { Millis } from '@swimkit/core'
import { mix32 } from './ids.ts'

/** Stages behind the first: from then on all have had time to hear what became of it. */
const lastStage = 3
/** Probe intervals from one stage to the next: a look, and the time until its outcome has got around. */
const wait = 2

/**
 * Who looks first at a silent member, so that not everybody does: the lot of (node, member), the same as long as both run, makes about
 * `watchers` of all nodes its watchers. As many again wait for what comes of their looks, then twice as many for theirs, and then the rest.
 */
export class Stages {
  readonly #own: number
  readonly #watchers: number
  readonly #wait: Millis

  /** `own`: this node's short id. */
  constructor(own: number, watchers: number, probeInterval: Millis) {
    this.#own = own
    this.#watchers = watchers
    this.#wait = wait * probeInterval
  }

  /** 0..3, by the member's short id, in a group of n. */
  of(id: number, n: number): number {
    const share = (mix32(this.#own ^ mix32(id)) / 0x1_0000_0000) * (n / this.#watchers)
    return Math.min(lastStage, 32 - Math.clz32(share))
  }

  /** How much longer than the first ones somebody of that stage waits. */
  delay(stage: number): Millis {
    return stage * this.#wait
  }

  /** Whether somebody of that stage looks at one that is suspect already: as many as it takes to confirm it (Lifeguard §4.2). */
  confirms(stage: number): boolean {
    return stage <= 1
  }
}

/** Longest that the first look waits, but for one time in e^(4 × watchers): there is nobody in the stages before the last but one. */
export const stagesDelay = (probeInterval: Millis): Millis => (lastStage - 1) * wait * probeInterval
