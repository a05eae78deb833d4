import { ChildError, runChild } from './child.mts'
import type { Isolation } from './isolation.mts'
import type { BenchOptions } from './options.mts'
import { argumentsFor, limitFor, type Step } from './plan.mts'
import { type Failure, isFailure, parseResult, type Result, type Run, type Size } from './result.mts'
import { commandFor } from './runtime.mts'

export interface Surroundings {
  readonly isolation: Isolation
  /** Of the memberlist peer; undefined where it is missing, and no step asks for it. */
  readonly memberlist: string | undefined
  readonly signal: AbortSignal
  /** Told what is being done. */
  readonly say: (line: string) => void
}

/** Who failed so often at a size is not tried there again: what a machine cannot do takes all of its limits to find out. */
const mostFailures = 2

/** Runs all steps, one process at a time. One that fails is noted, and the others go on. An abort rejects. */
export async function measure(
  steps: readonly Step[],
  options: BenchOptions,
  surroundings: Surroundings,
): Promise<Size[]> {
  const sizes = new Map<string, { nodes: number; silent: boolean; runs: Run[]; apart?: Result | Failure }>()
  for (const [i, step] of steps.entries()) {
    const { contender, nodes, run, silent } = step
    const key = `${nodes} ${silent}`
    const size = sizes.get(key) ?? { nodes, silent, runs: [] }
    sizes.set(key, size)
    const what = contender === 'apart' ? 'swimkit, directories apart' : `run ${run + 1}, ${contender}`
    const start = performance.now()
    const tried = contender === 'apart' ? [] : size.runs.map((each) => each[contender])
    const failures = tried.filter((each) => each && isFailure(each)).length
    const result =
      failures >= mostFailures ? { failed: 'not tried again' } : await outcome(step, options, surroundings)
    const took = `${((performance.now() - start) / 1_000).toFixed(0)} s`
    const ending = 'failed' in result ? `FAILED after ${took}: ${result.failed}` : took
    surroundings.say(
      `[${i + 1}/${steps.length}] ${nodes} nodes${silent ? ' that go silent' : ''}, ${what}: ${ending}`,
    )
    if (contender === 'apart') size.apart = result
    else size.runs[run] = { ...size.runs[run], [contender]: result }
  }
  return [...sizes.values()]
}

async function outcome(
  step: Step,
  options: BenchOptions,
  surroundings: Surroundings,
): Promise<Result | Failure> {
  const { isolation, signal } = surroundings
  const command = [
    ...isolation.enter,
    ...programOf(step, options, surroundings),
    ...argumentsFor(step, options),
  ]
  try {
    const result = parseResult(await runChild(command, { limit: limitFor(options), signal }))
    return isolation.enter.length > 0 ? result : withoutDatagrams(result)
  } catch (error) {
    if (signal.aborted || !(error instanceof ChildError || error instanceof SyntaxError)) throw error
    return { failed: error.message }
  }
}

function programOf({ contender }: Step, { runtime }: BenchOptions, { memberlist }: Surroundings): string[] {
  if (contender === 'bare') return commandFor(runtime, 'bare-sockets')
  if (contender !== 'memberlist') return commandFor(runtime, 'swimkit-peer')
  if (memberlist === undefined) throw new Error('a step wants the memberlist peer, and there is none')
  return [memberlist]
}

/** In a namespace that is shared with the whole machine, its datagrams would be counted for the peer's. */
function withoutDatagrams({ steady_datagrams_per_node_s: _, ...rest }: Result): Result {
  return rest
}
