import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { coloursOf } from '../client/format.ts'
import { CliError, codeOf, reasonOf } from '../errors.ts'
import type { Io } from '../io.ts'
import { loadPlugin } from '../plugins/load.ts'
import { failureText } from './failure-text.ts'
import { simulationsThatFit } from './memory.ts'
import { runInThreads } from './pool.ts'
import { progressLine } from './progress.ts'
import type { SimulateSettings } from './settings.ts'
import { summarise } from './summary.ts'
import { summaryText } from './summary-text.ts'

/** Exit codes of a command that a signal ended, as shells count them. */
const signalCodes: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Simulates what was asked for, and prints what came of it; resolves with the exit code. */
export async function runSimulate(settings: SimulateSettings, io: Io): Promise<number> {
  const { check, codec, detector, json, nodes, report, runs, seed } = settings
  const atOnce = simulationsThatFit(nodes)
  if (report !== undefined) await checkWritable(report)
  // Here, so that a name which does not resolve is found before anything starts.
  await Promise.all([loadPlugin('detector', detector, io.cwd), loadPlugin('codec', codec, io.cwd)])
  const orders = Array.from({ length: runs }, (_, i) => ({ scenario: settings.scenario(seed + i), check }))
  const began = performance.now()
  const progress = progressLine(io, runs)
  let results: Awaited<ReturnType<typeof runInThreads>>
  try {
    results = await runInThreads(orders, {
      parts: { codec, cwd: io.cwd, detector },
      atOnce,
      signal: io.interrupted,
      onProgress: progress.update,
    })
  } catch (error) {
    progress.end()
    if (!io.interrupted.aborted) throw error
    io.err(`swim-cli: interrupted after ${progress.done()}\n`)
    return signalCodes[String(io.interrupted.reason)] ?? 130
  }
  progress.end()
  const summary = summarise(settings, results, (performance.now() - began) / 1_000)
  if (report !== undefined) {
    const { reportPage } = await import('./report/page.ts')
    await writeReport(report, reportPage(summary, results))
  }
  if (json) io.out(`${JSON.stringify(summary)}\n`)
  else io.out(summaryText(summary, coloursOf(io)))
  for (const result of results) io.err(failureText(result))
  return summary.ok ? 0 : 1
}

/** Before the work, not after it. */
async function checkWritable(path: string): Promise<void> {
  const fail = (why: string): never => {
    throw new CliError(2, `--report: cannot write ${JSON.stringify(path)}: ${why}`)
  }
  const known = await stat(path).catch(() => undefined)
  if (known?.isDirectory()) fail('it is a directory')
  try {
    await access(known === undefined ? dirname(path) : path, constants.W_OK)
  } catch (error) {
    fail(codeOf(error) === 'ENOENT' ? 'there is no such folder' : 'not allowed to')
  }
}

async function writeReport(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page)
  } catch (error) {
    throw new CliError(1, `--report: cannot write ${JSON.stringify(path)}: ${reasonOf(error)}`)
  }
}
