import type { RequestOutcome } from '../engine/effects.ts'
import type { Engine } from '../engine/engine.ts'
import type { Millis } from '../engine/time.ts'
import type { Address } from '../model/address.ts'
import { RareSet } from '../model/rare-set.ts'
import { type Codec, type Fault, isFault, type StreamMessage } from '../wire/codec.ts'
import type { CountingSealer } from './counting-sealer.ts'
import type { Host } from './host.ts'
import { Intake } from './intake.ts'
import { type Connection, DialError, type Transport } from './transport.ts'

interface StreamsOptions {
  readonly host: Host
  readonly transport: Transport
  readonly codec: Codec
  /** The codec's. */
  readonly sealer: CountingSealer | undefined
  readonly timeout: Millis
  /** Bytes that others may have sent of what they have not ended. */
  readonly intake: number
}

/** Carries whole messages over connections: one request and one answer on each. */
export class Streams {
  readonly #host: Host
  readonly #transport: Transport
  readonly #codec: Codec
  readonly #sealer: CountingSealer | undefined
  readonly #timeout: Millis
  readonly #open = new RareSet<AbortController>()
  readonly #intake: Intake
  #closed = false

  constructor({ codec, host, intake, sealer, timeout, transport }: StreamsOptions) {
    this.#host = host
    this.#transport = transport
    this.#codec = codec
    this.#sealer = sealer
    this.#timeout = timeout
    this.#intake = new Intake(intake)
  }

  /** Streams of others that were let go, as all together held too much. */
  get letGo(): number {
    return this.#intake.letGo
  }

  /** Dials, asks, and gives what came of it. Never rejects. */
  async request(to: Address, parts: Iterable<Uint8Array>, limit: Millis): Promise<RequestOutcome> {
    let connection: Connection | undefined
    let expired = false
    const abort = new AbortController()
    this.#open.add(abort)
    const cancel = this.#host.wake(this.#host.now() + Math.min(limit, this.#timeout), () => {
      expired = true
      abort.abort()
    })
    // Destroying the connection wakes a read or write that hangs.
    abort.signal.addEventListener('abort', () => connection?.destroy(), { once: true })
    try {
      connection = await this.#transport.dial(to, abort.signal)
      if (abort.signal.aborted) return { kind: 'timeout' }
      for (const part of parts) await connection.write(part)
      const reply = await this.#read(connection)
      if (reply === undefined) return { kind: 'reset' }
      return isFault(reply) ? { kind: 'fault', fault: reply } : { kind: 'reply', reply }
    } catch (error) {
      if (expired) return { kind: 'timeout' }
      return { kind: error instanceof DialError ? error.kind : 'unreachable' }
    } finally {
      cancel()
      this.#open.delete(abort)
      connection?.destroy()
    }
  }

  /** Reads one request from a connection that somebody opened, and answers it. Never rejects. */
  async serve(
    connection: Connection,
    answer: (request: StreamMessage | Fault) => ReturnType<Engine['exchange']>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    const abort = new AbortController()
    this.#open.add(abort)
    abort.signal.addEventListener('abort', () => connection.destroy(), { once: true })
    const cancel = this.#host.wake(this.#host.now() + this.#timeout, () => abort.abort())
    try {
      const request = await this.#read(connection, (bytes, keyed) => this.#intake.add(abort, bytes, keyed))
      this.#intake.remove(abort)
      if (request === undefined || abort.signal.aborted || this.#closed) {
        connection.destroy()
        return
      }
      connection.settle()
      for (const part of answer(request)) await connection.write(part)
      connection.end()
    } catch (error) {
      // The other end may be gone or too slow, and will ask again. Anything else is a fault of this program.
      if (!(error instanceof DialError)) onError(error)
      connection.destroy()
    } finally {
      cancel()
      this.#intake.remove(abort)
      this.#open.delete(abort)
    }
  }

  close(): void {
    this.#closed = true
    for (const abort of this.#open) abort.abort()
    this.#open.clear()
  }

  async #read(
    connection: Connection,
    onUnfinished?: (bytes: number, keyed: boolean) => void,
  ): Promise<StreamMessage | Fault | undefined> {
    const reader = this.#codec.streamReader()
    for (;;) {
      const chunk = await connection.read()
      if (chunk === undefined) return undefined
      const opened = this.#sealer?.opened
      const result = reader.push(chunk)
      if (result !== undefined) return result
      // What was opened meanwhile is of this stream.
      onUnfinished?.(chunk.length, this.#sealer?.opened !== opened)
    }
  }
}
