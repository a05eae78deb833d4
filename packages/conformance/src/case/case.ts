/**
 * One check, for any test runner: it passes by returning or resolving, and fails by throwing or rejecting with an error
 * that names the sentence of the contract that does not hold. `run` takes no argument and needs no `this`, so it can be
 * handed to a runner as it is; it can be run more than once, closes what it opened, and ends in bounded time.
 *
 * `for (const { name, run } of detectorCases(() => mine())) test(name, run)`
 */
export interface Case {
  /** A claim about the contract, unique among the cases of its interface. */
  readonly name: string
  readonly run: () => void | Promise<void>
}
