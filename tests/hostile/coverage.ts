import { type Profiler, Session } from 'node:inspector'

/** Characters of code that no input before had reached. */
export type News = readonly { readonly script: string; readonly at: number }[]

/**
 * Which characters of the running code were reached, by V8's own precise coverage: nothing is instrumented, and nothing else is needed. Asking takes about half a
 * millisecond, so it is asked once for many inputs.
 */
export class Coverage {
  readonly #session = new Session()
  /** By script: 1 where a character has been reached. */
  readonly #reached = new Map<string, Uint8Array>()
  #scratch = new Uint8Array(0)
  /** Characters that are marked as reached. */
  size = 0

  readonly #isWanted: (url: string) => boolean

  /** `isWanted`: by its URL, whether a script counts. */
  constructor(isWanted: (url: string) => boolean) {
    this.#isWanted = isWanted
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** The characters that were reached since the last time and are not marked. */
  news(): News {
    const news: { script: string; at: number }[] = []
    for (const script of this.#take()) {
      if (this.#isWanted(script.url))
        this.#compare(script, (at) => news.push({ script: script.scriptId, at }))
    }
    return news
  }

  /** From now on these are news no more. */
  mark(news: News): void {
    for (const { at, script } of news) {
      const reached = this.#roomFor(script, at + 1)
      if (reached[at] === 0) this.size++
      reached[at] = 1
    }
  }

  close(): void {
    this.#session.disconnect()
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = []
    // Answered before it returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      taken = result
    })
    return taken
  }

  #compare({ functions, scriptId }: Profiler.ScriptCoverage, found: (at: number) => void): void {
    const end = functions.reduce((most, { ranges }) => Math.max(most, ranges[0]?.endOffset ?? 0), 0)
    const reached = this.#roomFor(scriptId, end)
    const now = this.#scratch
    // Outer functions come before inner ones, and outer blocks before inner: what is inside says the last word.
    for (const { ranges } of functions) {
      for (const { count, endOffset, startOffset } of ranges) {
        now.fill(count > 0 ? 1 : 0, startOffset, endOffset)
      }
    }
    let at = 0
    for (const { ranges } of functions) {
      const [whole] = ranges
      if (whole === undefined || whole.count === 0) continue
      for (at = Math.max(at, whole.startOffset); at < whole.endOffset; at++) {
        if (now[at] === 1 && reached[at] === 0) found(at)
      }
    }
  }

  #roomFor(script: string, length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length)
    const known = this.#reached.get(script)
    if (known !== undefined && known.length >= length) return known
    const larger = new Uint8Array(2 * length)
    if (known !== undefined) larger.set(known)
    this.#reached.set(script, larger)
    return larger
  }
}
