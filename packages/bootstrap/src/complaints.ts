import type { Logger, LogLevel } from '@swimkit/core'

/** What keeps failing in the same way is mentioned again after so long, milliseconds. */
const reminder = 600_000
/** Things that are remembered; who answers on a network can make up any number of addresses. */
const mostSaid = 256

/** What was last said of each thing: for life is long, and so would a log be that repeats itself at each attempt. */
export class Complaints {
  readonly #logger: Logger | undefined
  readonly #now: () => number
  readonly #said = new Map<string, { readonly code: string; readonly at: number }>()

  constructor(logger: Logger | undefined, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /** Unless the same was said of it within ten minutes. */
  say(
    of: string,
    code: string,
    level: LogLevel,
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const last = this.#said.get(of)
    const at = this.#now()
    if (last?.code === code && at - last.at < reminder) return
    this.#said.delete(of)
    this.#said.set(of, { code, at })
    for (const oldest of this.#said.keys()) {
      if (this.#said.size <= mostSaid) break
      this.#said.delete(oldest)
    }
    this.#logger?.log(level, message, fields)
  }

  /** It works, or other things are tried: what fails after that is news. */
  forget(): void {
    this.#said.clear()
  }
}
