import { createHash, timingSafeEqual } from 'node:crypto'
import { CliError } from '../errors.ts'
import { limits } from './limits.ts'
import type { Scope } from './route.ts'

/** What callers of the control API send. */
export interface TokenPair {
  /** For everything. None: whoever gets there may do everything. */
  readonly token?: string | undefined
  /** For reading alone. */
  readonly readToken?: string | undefined
}

/** One that is expected. */
export interface Expected {
  readonly scope: Scope
  readonly digest: Buffer
  /** So short that it could be found by trying. */
  readonly guessable: boolean
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

const expectedToken = (scope: Scope, token: string): Expected => ({
  scope,
  digest: hash(token),
  guessable: token.length < limits.guessable,
})

const expectedOf = ({ readToken, token }: TokenPair): readonly Expected[] => [
  ...(token === undefined ? [] : [expectedToken('admin', token)]),
  ...(readToken === undefined ? [] : [expectedToken('read', readToken)]),
]

/**
 * The tokens that a control API expects; they may be replaced while it serves. Kept and compared by hash, in constant time, so that neither their
 * length nor their content shows.
 */
export class Tokens {
  #expected: readonly Expected[]
  readonly #replaced = new Set<() => void>()

  /** Throws a {@link CliError} with exit code 2 as {@link replace} does. */
  constructor(pair: TokenPair) {
    check(pair)
    this.#expected = expectedOf(pair)
  }

  /** Whether callers need one at all. */
  get needed(): boolean {
    return this.#expected.length > 0
  }

  /** Compared with each, so that the time does not tell which it was. */
  find(given: string): Expected | undefined {
    const digest = hash(given)
    const [found] = this.#expected.filter((each) => timingSafeEqual(digest, each.digest))
    return found
  }

  /**
   * Expects these from now on; gives whether they are others. Throws a {@link CliError} with exit code 2, and keeps those that it had, for a token that
   * only reads without the one for changes, for two that are the same, and where none would be needed any more.
   */
  replace(pair: TokenPair): boolean {
    check(pair)
    const wanted = expectedOf(pair)
    if (this.needed && wanted.length === 0) {
      throw new CliError(
        2,
        'the token for changes cannot be taken away while the node runs: start it again without',
      )
    }
    const same =
      wanted.length === this.#expected.length &&
      wanted.every(({ digest }, i) => timingSafeEqual(digest, this.#expected[i]!.digest))
    if (same) return false
    this.#expected = wanted
    for (const listener of this.#replaced) listener()
    return true
  }

  /** Called each time that others are expected. */
  onReplaced(listener: () => void): void {
    this.#replaced.add(listener)
  }
}

function check({ readToken, token }: TokenPair): void {
  if (readToken === undefined) return
  if (token === undefined) {
    throw new CliError(
      2,
      'a token that only reads would leave changes open to all: give one for those as well',
    )
  }
  if (readToken === token) {
    throw new CliError(2, 'the token that only reads must differ from the one for changes')
  }
}
