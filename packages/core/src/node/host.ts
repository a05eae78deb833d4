import type { Millis } from '../engine/time.ts'

/** A network interface's address, as the operating system lists it. */
export interface HostInterface {
  readonly name: string
  /** An IP literal without brackets or zone. */
  readonly address: string
  readonly prefix: number
  readonly internal: boolean
}

/** What a node needs of a runtime. `@swimkit/host` implements it for Node, Bun and Deno. */
export interface Host {
  /** Such as `node 20.20.2`, `bun 1.4.5`, `deno 2.9.6`. */
  readonly runtime: string
  /** Monotonic milliseconds, with fractions; the origin does not matter. */
  now(): Millis
  /** Milliseconds since 1970. May jump when the clock is set. */
  wallMillis(): number
  /** Fresh random bytes from the system. */
  entropy(bytes: number): Uint8Array
  /** Calls `fn` once at or soon after `at`, on the clock of {@link now}; returns how to call it off. May not keep the process alive. */
  wake(at: Millis, fn: () => void): () => void
  /** Calls `fn` after packets that have already arrived were handed out: later than any I/O poll that follows now. */
  afterPoll(fn: () => void): void
  interfaces(): readonly HostInterface[]
  /** The 32 bytes of SHA-256 (FIPS 180-4). */
  sha256(bytes: Uint8Array): Uint8Array
}
