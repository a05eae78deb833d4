import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CliError, codeOf, reasonOf } from '../errors.ts'
import { isOutOfMemory } from './memory.ts'
import type { RunResult } from './run-result.ts'
import type { Order } from './simulate-one.ts'
import type { WorkerAnswer, WorkerParts } from './worker.ts'

export interface PoolOptions {
  readonly parts: WorkerParts
  /** Runs at a time, at most; also bounded by the machine's processors. */
  readonly atOnce: number
  readonly signal: AbortSignal
  /** How far one of the runs is, by its index. */
  onProgress(run: number, share: number): void
}

/**
 * Runs simulations in threads of their own, some at a time: a simulation hands nothing to the event loop, which so stays free for
 * signals and for telling how far it is. Results are in the order of the orders. Rejects with the signal's reason when it
 * is aborted, and with a {@link CliError} when a run cannot go on; no thread runs then any more.
 */
export async function runInThreads(
  orders: readonly Order[],
  { atOnce, onProgress, parts, signal }: PoolOptions,
): Promise<RunResult[]> {
  const results: RunResult[] = []
  const threads = new Set<Worker>()
  let next = 0
  const work = async (): Promise<void> => {
    if (next >= orders.length) return
    // Beside the bundle of this file: see tsup.config.ts.
    const thread = new Worker(new URL('./simulate-worker.js', import.meta.url), { workerData: parts })
    threads.add(thread)
    while (next < orders.length) {
      const run = next++
      results[run] = await order(thread, orders[run]!, signal, (share) => onProgress(run, share))
      onProgress(run, 1)
    }
  }
  const width = Math.min(orders.length, Math.max(1, atOnce), availableParallelism())
  try {
    await Promise.all(Array.from({ length: width }, work))
    return results
  } finally {
    await Promise.all([...threads].map((thread) => thread.terminate()))
  }
}

function order(
  thread: Worker,
  what: Order,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<RunResult> {
  return new Promise<RunResult>((resolve, reject) => {
    const end = (): void => {
      thread.off('message', onMessage)
      thread.off('error', onError)
      thread.off('exit', onExit)
      signal.removeEventListener('abort', onAbort)
    }
    const fail = (error: unknown): void => {
      end()
      reject(error)
    }
    const onMessage = (answer: WorkerAnswer): void => {
      switch (answer.kind) {
        case 'progress':
          onShare(answer.total > 0 ? Math.min(1, answer.now / answer.total) : 1)
          return
        case 'result':
          end()
          resolve(answer.result)
          return
        case 'error':
          fail(errorOf(answer.message, answer.exitCode, answer.stack))
      }
    }
    const onError = (error: unknown): void => fail(errorOf(reasonOf(error), 1, undefined, codeOf(error)))
    const onExit = (): void => fail(new CliError(1, 'the simulation ended before it was done'))
    const onAbort = (): void => fail(signal.reason)
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    thread.on('message', onMessage)
    thread.on('error', onError)
    thread.on('exit', onExit)
    signal.addEventListener('abort', onAbort, { once: true })
    thread.postMessage(what)
  })
}

function errorOf(message: string, exitCode: 1 | 2, stack?: string, code?: string): CliError {
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || isOutOfMemory(message)) {
    return new CliError(1, `the simulation ran out of memory (${message}): take fewer nodes`)
  }
  const error = new CliError(exitCode, message)
  if (stack !== undefined) error.stack = stack
  return error
}
