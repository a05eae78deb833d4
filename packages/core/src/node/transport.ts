import type { Address } from '../model/address.ts'

/**
 * How a stream came to nothing. `refused` alone means that nobody listens there. Bun reports an unreachable network as a refusal too, so
 * there only this machine's own addresses give `refused`, and others `unreachable`: a detector must do without it.
 */
export type StreamFailure = 'refused' | 'reset' | 'timeout' | 'unreachable'

/** Rejects `dial`; `kind` says how. */
export class DialError extends Error {
  override readonly name = 'DialError'
  readonly kind: StreamFailure
  constructor(kind: StreamFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Rejects `open`; `code` is `in-use`, `not-available` (the address is not this machine's), `permission` or `other`. */
export class BindError extends Error {
  override readonly name = 'BindError'
  readonly code: 'in-use' | 'not-available' | 'permission' | 'other'
  constructor(code: BindError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Raw bytes both ways. One request and one reply travel on it; its framing is the codec's. */
export interface Connection {
  /** The other end's socket address; of no meaning as an identity. */
  readonly remote: Address
  /** The next chunk; undefined at the other end's end of stream. Rejects with a {@link DialError} on reset or deadline. One call at a time. */
  read(): Promise<Uint8Array | undefined>
  /** Resolves when the next chunk may be written. Rejects with a {@link DialError}. The bytes are the connection's own from here on. */
  write(chunk: Uint8Array): Promise<void>
  /** A whole first message has arrived: this connection is no longer the first to go when there are too many. */
  settle(): void
  /** Sends what is written, then ends. Harmless when called again. */
  end(): void
  /** Drops the connection at once. Harmless when called again. */
  destroy(): void
}

export interface TransportHandlers {
  /** A packet arrived. The bytes are the receiver's own until it returns. */
  packet(from: Address, bytes: Uint8Array): void
  /** Somebody dialled. */
  connection(connection: Connection): void
  /** A socket error: transient ones are to be counted; after a fatal one the transport no longer works. */
  fault(error: Error, fatal: boolean): void
}

/** Counters of a transport, pulled when somebody asks. */
export interface TransportStats {
  readonly [counter: string]: number
}

/** A transport for one node. It may be opened again after `close`. */
export interface Transport {
  readonly kind: 'transport'
  readonly name: string
  readonly api: 1
  /** Largest packet it carries, in bytes; 0: it carries no packets. */
  readonly maxPacketBytes: number
  /** Whether it carries streams. */
  readonly streams: boolean
  /** Binds, and returns the bound address. Port 0 picks a free one. Rejects with a {@link BindError}. */
  open(bind: Address, handlers: TransportHandlers): Promise<Address>
  /** Fire and forget: never throws, before `open` and after `close` does nothing. The bytes are its own from here on. */
  send(to: Address, packet: Uint8Array): void
  /** Rejects with a {@link DialError}, or with the signal's reason when it is aborted. */
  dial(to: Address, signal: AbortSignal): Promise<Connection>
  stats(): TransportStats
  /** Ends all connections and frees the port. Harmless when called again. */
  close(): Promise<void>
}
