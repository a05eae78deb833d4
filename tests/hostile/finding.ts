import { toHex } from './corpus.ts'
import type { Target } from './target.ts'

/** An input with which something does not hold. */
export interface Finding {
  readonly target: string
  readonly input: Uint8Array
  readonly error: unknown
}

/** What is thrown when a target takes this input; undefined: all holds. */
export async function failureOf(target: Target, input: Uint8Array): Promise<unknown> {
  try {
    // Most answer at once, and need no turn of the event loop.
    const pending = target.check(input)
    if (pending !== undefined) await pending
    return undefined
  } catch (error) {
    return error
  }
}

/** How long an input is made smaller, milliseconds: one that ends at a time limit would take it for each attempt. */
const minimising = 20_000

/** Takes away whatever the same failure does without, and makes small what is left, as far as there is time. */
export async function minimised(
  target: Target,
  input: Uint8Array,
  error: unknown,
  limit = minimising,
): Promise<Finding> {
  const until = performance.now() + limit
  let best = input
  let reason = error
  const kind = kindOf(error)
  const accept = async (smaller: Uint8Array): Promise<boolean> => {
    const failure = await failureOf(target, smaller)
    if (failure === undefined || kindOf(failure) !== kind) return false
    best = smaller
    reason = failure
    return true
  }
  for (let size = best.length >>> 1; size >= 1; size >>>= 1) {
    for (let at = 0; at + size <= best.length && performance.now() < until; ) {
      const without = new Uint8Array(best.length - size)
      without.set(best.subarray(0, at))
      without.set(best.subarray(at + size), at)
      if (!(await accept(without))) at += size
    }
  }
  for (let at = 0; at < best.length && performance.now() < until; at++) {
    if (best[at] === 0) continue
    const zeroed = best.slice()
    zeroed[at] = 0
    await accept(zeroed)
  }
  return { target: target.name, input: best, error: reason }
}

/** What a person needs: what does not hold, the input, and how to see it again. */
export function describeFinding({ error, input, target }: Finding): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const hex = toHex(input)
  return [
    `${target}: an input of ${input.length} bytes breaks it:`,
    hex,
    '',
    what,
    '',
    `again: npm run fuzz:inputs -- --target ${target} --replay ${hex === '' ? "''" : hex}`,
    `to keep it: add it as a line to tests/hostile/corpus/found/${target}.hex`,
  ].join('\n')
}

/** Where it was thrown, so that one failure is not taken for another while it is made smaller. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.name}: ${error.message.replace(/[0-9]+/g, '0').slice(0, 40)}`
}
