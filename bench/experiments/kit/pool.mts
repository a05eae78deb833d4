import { Worker } from 'node:worker_threads'
import type { Experiment } from './experiment.mts'

/** What a worker is asked for, and what it answers. */
export interface Order {
  readonly experiment: string
  readonly index: number
  readonly job: unknown
}
export interface Delivery {
  readonly index: number
  readonly outcome: unknown
}

/** Runs all jobs, in this thread or in others; the outcomes in the order of the jobs. `onDone` is called after each. */
export async function runJobs(
  experiment: Experiment,
  jobs: readonly unknown[],
  workers: number,
  onDone: (index: number) => void,
): Promise<unknown[]> {
  if (workers > 1) return runInWorkers(experiment, jobs, workers, onDone)
  const outcomes: unknown[] = []
  for (const [index, job] of jobs.entries()) {
    outcomes.push(experiment.run(job))
    onDone(index)
    // A signal is to be heard between two jobs.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return outcomes
}

async function runInWorkers(
  experiment: Experiment,
  jobs: readonly unknown[],
  workers: number,
  onDone: (index: number) => void,
): Promise<unknown[]> {
  const outcomes = new Array<unknown>(jobs.length)
  let next = 0
  const threads: Worker[] = []
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.mjs', import.meta.url))
      threads.push(worker)
      const order = (): void => {
        if (next === jobs.length) return resolve()
        const index = next++
        worker.postMessage({ experiment: experiment.name, index, job: jobs[index] } satisfies Order)
      }
      worker.on('message', ({ index, outcome }: Delivery) => {
        outcomes[index] = outcome
        onDone(index)
        order()
      })
      worker.on('error', reject)
      order()
    })
  try {
    await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work))
  } finally {
    await Promise.all(threads.map((worker) => worker.terminate()))
  }
  return outcomes
}
