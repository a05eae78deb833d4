import { difference } from './difference.ts'
import { show } from './show.ts'

/** A sentence of a contract, word for word, and where it stands. */
export interface Clause {
  readonly of: string
  readonly says: string
}

/** Something does not do what its contract says. The message is what was seen, and then the sentence. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'
  /** What was seen. */
  readonly seen: string
  /** The sentence that does not hold. */
  readonly clause: Clause

  constructor(seen: string, clause: Clause, options?: ErrorOptions) {
    super(`${seen}\n  by the contract of ${clause.of}: "${clause.says}"`, options)
    this.seen = seen
    this.clause = clause
  }
}

/** Throws a {@link ConformanceError} unless something holds. `seen` says what was seen instead. */
export function check(holds: boolean, clause: Clause, seen: () => string): asserts holds {
  if (!holds) throw new ConformanceError(seen(), clause)
}

/** Throws a {@link ConformanceError} unless both are the same, bytes and objects compared by what is in them. */
export function checkSame(actual: unknown, expected: unknown, clause: Clause, what: string): void {
  const found = difference(actual, expected)
  if (found === undefined) return
  const where = found.path === '' ? what : `${found.path} of ${what}`
  const seen = `${where}: expected ${show(found.expected)}, but was ${show(found.actual)}`
  throw new ConformanceError(seen, clause)
}

/** Calls something that must not throw, and gives what it returns. */
export function mustNotThrow<T>(act: () => T, clause: Clause, what: string): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof ConformanceError) throw error
    throw new ConformanceError(`${what} threw ${show(error)}`, clause, { cause: error })
  }
}
