/**
 * What the control API takes at most. Whatever comes on top is refused before anything is done for it, so that a script
 * that has gone wrong costs the node little more than reading its requests.
 */
export const limits = {
  /** Open connections; a further one is closed as it comes. */
  connections: 256,
  /** Those of one source; of a Unix socket all are of one, and it may have all. */
  connectionsPerSource: 128,
  /** Requests under way, probes apart: one connection can send many without waiting for answers. */
  requests: 256,
  /** Event streams; fewer than connections, so that there is always one left to ask something. */
  streams: 64,
  /** Bytes of a request's line and headers. */
  headerBytes: 16_384,
  /** Bytes of a request's body. */
  bodyBytes: 1_048_576,
  /** From the start of a request to the end of its headers, and for a TLS handshake, milliseconds. */
  headersTimeout: 10_000,
  /** From the start of a request to the end of its body, milliseconds. */
  requestTimeout: 30_000,
  /** How long nothing of an answer may be taken, milliseconds; where some of it was taken just before, twice that. */
  answerTimeout: 20_000,
  /** How long a connection may stay without a request, milliseconds. */
  idleTimeout: 10_000,
  /** How often those times are looked at, milliseconds. */
  checkInterval: 2_000,
  /** Sources that are remembered, for each of what is counted by source. */
  sources: 1_024,
  /** Wrong tokens of one source: so many at once, then this many a second. */
  guesses: 10,
  guessesPerSecond: 1,
  /** Shorter tokens count as such that guessing could find: 16 random characters, of hexadecimal digits alone, are one of 2^64. */
  guessable: 16,
} as const

/** What is asked whether a node lives, and so is never refused for want of a token or for what others ask. */
export const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Requests a second of one source in the long run, unless it is told otherwise; twice that at once. */
export const defaultRateLimit = 200
