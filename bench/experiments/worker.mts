/** A thread that runs jobs of experiments as it is told. */
import { parentPort } from 'node:worker_threads'
import { findExperiment } from './catalogue.mts'
import type { Delivery, Order } from './kit/pool.mts'

parentPort?.on('message', ({ experiment, index, job }: Order) => {
  const outcome = findExperiment(experiment).run(job)
  parentPort?.postMessage({ index, outcome } satisfies Delivery)
})
