/** Writes a text, and calls back once it is gone or can no longer go, and why. Texts go in the order in which they come. May throw instead. */
export type Write = (text: string, done: (error?: Error | null) => void) => void

/** Text on its way out of the process, which a reader may let wait. */
export class Output {
  readonly #write: Write
  readonly #onError: (error: Error) => void
  #waiting = 0
  #idle: (() => void)[] = []

  /** `onError` hears of each text that was not written whole. */
  constructor(write: Write, onError: (error: Error) => void) {
    this.#write = write
    this.#onError = onError
  }

  /** Characters that were written here and are not gone yet. */
  get waiting(): number {
    return this.#waiting
  }

  write(text: string): void {
    const done = (error?: Error | null) => {
      this.#waiting -= text.length
      if (error) this.#onError(error)
      if (this.#waiting > 0) return
      for (const resolve of this.#idle.splice(0)) resolve()
    }
    this.#waiting += text.length
    try {
      this.#write(text, done)
    } catch (error) {
      done(error as Error)
    }
  }

  /**
   * Resolves once nothing waits. (An empty text with a callback does not tell that: Bun calls back at once, whatever waits before it.)
   */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting === 0) resolve()
      else this.#idle.push(resolve)
    })
  }
}

/** A file or pipe of Deno's own; it may take less than it is given. */
export interface DenoWriter {
  write(bytes: Uint8Array): Promise<number>
}

/** One text after the other, each of them whole. */
export function inOrder(writer: DenoWriter): Write {
  const encoder = new TextEncoder()
  let last = Promise.resolve()
  return (text, done) => {
    last = last.then(() => writeAll(writer, encoder.encode(text))).then(() => done(), done)
  }
}

async function writeAll(writer: DenoWriter, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await writer.write(rest))
}
