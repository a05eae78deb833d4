import type { Node } from '@swimkit/core'

/** Notes when one node first learned of what happened to the others. It listens from the start, as an application would. */
export class Watcher {
  readonly #failed = new Map<string, { readonly first: number; times: number }>()
  readonly #suspected = new Map<string, number>()
  /** By the member's name and its payload as text. */
  readonly #updated = new Map<string, number>()
  /** By the broadcast's name. */
  #told: Map<string, number> | undefined
  readonly #node: Node

  constructor(node: Node) {
    this.#node = node
    node.on('suspect', ({ member }) => {
      if (!this.#suspected.has(member.name)) this.#suspected.set(member.name, performance.now())
    })
    node.on('failed', ({ member }) => {
      const verdict = this.#failed.get(member.name)
      if (verdict === undefined) this.#failed.set(member.name, { first: performance.now(), times: 1 })
      else verdict.times++
    })
    node.on('update', ({ member }) => {
      const change = changeOf(member.name, new TextDecoder().decode(member.payload))
      if (!this.#updated.has(change)) this.#updated.set(change, performance.now())
    })
  }

  /** From now on it also listens to broadcasts. */
  listen(): void {
    const told = new Map<string, number>()
    this.#told = told
    this.#node.onBroadcast(({ name }) => told.set(name, performance.now()))
  }

  /** When it was told of a broadcast of that name. */
  toldAt(name: string): number | undefined {
    return this.#told?.get(name)
  }

  /**
   * Forgets what it has noted of that member, which is about to be lost: a verdict from before would not be about that. Gives
   * whether it holds it among the living now, so that a verdict is still to come.
   */
  forget(name: string): boolean {
    this.#failed.delete(name)
    this.#suspected.delete(name)
    const status = this.#node.member(name)?.status
    return status === 'alive' || status === 'suspect'
  }

  /** When it first held that member suspect, on the clock of `performance.now()`. */
  suspectedAt(name: string): number | undefined {
    return this.#suspected.get(name)
  }

  /** When it first held that member failed, on the clock of `performance.now()`. */
  failedAt(name: string): number | undefined {
    return this.#failed.get(name)?.first
  }

  failedTimes(name: string): number {
    return this.#failed.get(name)?.times ?? 0
  }

  /** When it first saw that member with that payload. */
  updatedAt(name: string, payload: string): number | undefined {
    return this.#updated.get(changeOf(name, payload))
  }
}

const changeOf = (name: string, payload: string): string => `${name} ${payload}`
