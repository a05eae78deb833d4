import type { OperationResult } from '../engine/effects.ts'
import { RareMap } from '../model/rare-map.ts'

interface Waiting {
  resolve(result: OperationResult): void
  reject(reason: unknown): void
}

/** Promises for what an engine reports by number. All of them settle: by the result, the caller's signal, or `rejectAll`. */
export class Operations {
  readonly #waiting = new RareMap<number, Waiting>()
  /** Results that came while the operation was being started. */
  readonly #early = new RareMap<number, OperationResult>()
  #starting = false

  /** Starts an operation, and resolves with its result. `abandon` tells the engine that nobody waits any more. */
  run(
    start: () => number,
    abandon: (operation: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<OperationResult> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      this.#starting = true
      let operation: number
      try {
        operation = start()
      } finally {
        this.#starting = false
      }
      const early = this.#early.get(operation)
      this.#early.clear()
      if (early !== undefined) {
        resolve(early)
        return
      }
      const onAbort = (): void => {
        this.#waiting.delete(operation)
        abandon(operation)
        reject(signal?.reason)
      }
      const settle = (): void => {
        this.#waiting.delete(operation)
        signal?.removeEventListener('abort', onAbort)
      }
      this.#waiting.set(operation, {
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (reason) => {
          settle()
          reject(reason)
        },
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  done(operation: number, result: OperationResult): void {
    const waiting = this.#waiting.get(operation)
    if (waiting !== undefined) waiting.resolve(result)
    else if (this.#starting) this.#early.set(operation, result)
  }

  rejectAll(reason: unknown): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(reason)
  }
}
