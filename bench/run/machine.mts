import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { runChild } from './child.mts'

/** What the figures were measured on: enough to judge them, nothing that names the machine. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  }
}

/** For the caption of a table: ratios hold from one machine to the next, times do not. */
export function describeWhen(started: Date): string {
  return `${started.toISOString().slice(0, 10)}, on ${describeMachine().cpu}`
}

/** The commit that is measured, with a `+` where files differ from it; undefined outside a repository. */
export async function describeRevision(): Promise<string | undefined> {
  const limit = 30_000
  try {
    const commit = (await runChild(['git', 'rev-parse', '--short', 'HEAD'], { limit })).trim()
    const changed = (
      await runChild(['git', 'status', '--porcelain', '--untracked-files=no'], { limit })
    ).trim()
    return changed === '' ? commit : `${commit}+`
  } catch {
    return undefined
  }
}
