import { parentPort, workerData } from 'node:worker_threads'
import { ConditionsError, ScenarioError } from '@swimkit/simulator'
import { CliError, reasonOf } from '../errors.ts'
import { loadPlugin } from '../plugins/load.ts'
import type { RunResult } from './run-result.ts'
import { type Order, simulateOne } from './simulate-one.ts'

/** What a worker is made with: names, as code does not pass between threads. */
export interface WorkerParts {
  readonly detector: string
  readonly codec: string
  readonly cwd: string
}

/** From a worker, in answer to an order: how far it is, and then one of the others. */
export type WorkerAnswer =
  | { readonly kind: 'progress'; readonly now: number; readonly total: number }
  | { readonly kind: 'result'; readonly result: RunResult }
  | {
      readonly kind: 'error'
      readonly message: string
      readonly exitCode: 1 | 2
      readonly stack: string | undefined
    }

/** Milliseconds between two words of progress. */
const pace = 100

const { codec: codecName, cwd, detector: detectorName } = workerData as WorkerParts // as the pool makes it
const answer = (message: WorkerAnswer): void => parentPort?.postMessage(message)

parentPort?.on('message', async (order: Order) => {
  try {
    const [detector, codec] = await Promise.all([
      loadPlugin('detector', detectorName, cwd),
      loadPlugin('codec', codecName, cwd),
    ])
    let said = Number.NEGATIVE_INFINITY
    // Only of what is built in is it known that it looks at all in turn.
    const look = detectorName === 'pingack' ? 'ring-successor' : 'random'
    const result = simulateOne(order, { detectors: () => [detector], codec, look }, (now, total) => {
      if (performance.now() - said < pace) return
      said = performance.now()
      answer({ kind: 'progress', now, total })
    })
    answer({ kind: 'result', result })
  } catch (error) {
    answer({
      kind: 'error',
      message: reasonOf(error),
      exitCode: exitCodeOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    })
  }
})

function exitCodeOf(error: unknown): 1 | 2 {
  if (error instanceof CliError) return error.exitCode
  return error instanceof ScenarioError || error instanceof ConditionsError ? 2 : 1
}
