import { totalmem } from 'node:os'
import { CliError } from '../errors.ts'

/** Bytes that one node takes for each member, and by itself; see docs/performance.md for how they were measured. */
const bytesPerPair = 40
const bytesPerNode = 60_000

/** What a simulation of so many nodes takes at its end, about; bytes. */
export const memoryFor = (nodes: number): number => nodes * (nodes * bytesPerPair + bytesPerNode)

/** Of the machine's memory, what simulations may take. */
const share = 0.8

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`

/** How many simulations of so many nodes fit at a time. Throws a {@link CliError} with exit code 2 where not one does. */
export function simulationsThatFit(nodes: number, available = totalmem()): number {
  const fit = Math.floor((share * available) / memoryFor(nodes))
  if (fit >= 1) return fit
  throw new CliError(
    2,
    `--nodes: ${nodes} is not allowed here: that many take about ${gigabytes(memoryFor(nodes))} of memory, and this machine has ${gigabytes(available)}`,
  )
}

/** Whether something failed for want of memory, by what it says. */
export const isOutOfMemory = (message: string): boolean =>
  /out of memory|allocation failed|invalid (typed )?array length/i.test(message)
