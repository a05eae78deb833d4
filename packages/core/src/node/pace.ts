import type { Engine } from '../engine/engine.ts'
import type { Millis } from '../engine/time.ts'
import type { Host } from './host.ts'

/** A wake later than this lets packets that have already arrived in before the engine judges, on any settings. Milliseconds. */
const leastSlack = 3
/**
 * The same as a share of the probe timeout. It is wrong about an answer only if that took all of the timeout but this share, and costs
 * nine turns of the event loop: with 3 ms for all, one tick in ten paid them on a machine that was busy.
 */
const slackShare = 0.05
/** Looks for arrived packets before a late tick goes ahead all the same. */
const maxPolls = 16

/** Wakes an engine when it is due, with one timer of the host's, and never before packets that came earlier. */
export class Pace {
  readonly #host: Host
  readonly #engine: Engine
  readonly #tick: () => void
  readonly #slack: Millis
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelWake: (() => void) | undefined
  #polling = false
  #stopped = false
  #packets = 0
  /** Times the sockets were looked at before a late tick. */
  polls = 0

  /** `tick` is to tick the engine, and to call `schedule` after that. */
  constructor(host: Host, engine: Engine, probeTimeout: Millis, tick: () => void) {
    this.#host = host
    this.#engine = engine
    this.#tick = tick
    this.#slack = Math.max(leastSlack, probeTimeout * slackShare)
  }

  /** To be called for every packet that is handed to the engine. */
  onPacket(): void {
    this.#packets++
  }

  /**
   * To be called after every input. A timer that has become too early is moved as well, rather than to wake for nothing once for every
   * ping that was answered.
   */
  schedule(): void {
    if (this.#polling || this.#stopped) return
    const at = this.#engine.nextWake()
    if (at === this.#wakeAt) return
    this.#cancelWake?.()
    this.#wakeAt = at
    this.#cancelWake = this.#host.wake(at, this.#onWake)
  }

  stop(): void {
    this.#stopped = true
    this.#cancelWake?.()
    this.#cancelWake = undefined
  }

  readonly #onWake = (): void => {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#cancelWake = undefined
    if (this.#stopped) return
    const late = this.#host.now() - this.#engine.nextWake()
    if (late > this.#slack) this.#letPacketsIn(0)
    else if (late >= 0) this.#tick()
    else this.schedule()
  }

  /**
   * A timer may fire before packets that arrived earlier are read: after a stall an ack may lie in the socket when its
   * timeout is due. So a late tick waits until a look at the sockets brings nothing more.
   */
  #letPacketsIn(polls: number): void {
    this.#polling = true
    this.polls++
    const before = this.#packets
    this.#host.afterPoll(() => {
      if (this.#packets !== before && polls + 1 < maxPolls) {
        this.#letPacketsIn(polls + 1)
        return
      }
      this.#polling = false
      if (!this.#stopped) this.#tick()
    })
  }
}
