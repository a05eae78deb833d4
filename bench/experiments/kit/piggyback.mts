import { type Disseminator, PiggybackQueue, type QueuedUpdate, type Ref } from '@swimkit/core'

/**
 * SWIM's own piggyback: whatever is queued rides on a packet, news of its receiver too. The engine's queue leaves that to the buddy
 * rule, so where the rule is off a suspect would never hear of its suspicion from a node that knows of it.
 */
export class PlainPiggyback extends PiggybackQueue {
  override fill(
    _to: Ref | undefined,
    budget: number,
    partOverhead: number,
    limit: number,
    out: Uint8Array[],
  ): number {
    return super.fill(undefined, budget, partOverhead, limit, out)
  }
}

/** Counts how often this node hands updates on. */
export class CountingPiggyback implements Disseminator {
  readonly #queue = new PiggybackQueue()
  readonly #limit: number | undefined
  /** Updates put on packets since this was last set to 0. */
  sent = 0

  /** `limit`: how often an update is told, whatever the engine says. */
  constructor(limit?: number) {
    this.#limit = limit
  }

  get backlog(): number {
    return this.#queue.backlog
  }

  push(update: QueuedUpdate): void {
    this.#queue.push(update)
  }

  fill(to: Ref | undefined, budget: number, partOverhead: number, limit: number, out: Uint8Array[]): number {
    const before = out.length
    const used = this.#queue.fill(to, budget, partOverhead, this.#limit ?? limit, out)
    this.sent += out.length - before
    return used
  }

  drop(ref: Ref, subject?: 'status' | 'record'): void {
    this.#queue.drop(ref, subject)
  }
}

/** Hands nothing on. */
export class NoPiggyback implements Disseminator {
  readonly backlog = 0

  push({ done }: QueuedUpdate): void {
    done?.()
  }

  fill(): number {
    return 0
  }

  drop(): void {}
}
