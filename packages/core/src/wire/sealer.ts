/**
 * Authenticated encryption of whole packets and stream records. Synchronous, because an asynchronous cipher
 * reorders packets and makes a busy node look slow.
 */
export interface Sealer {
  /** Bytes that sealing adds, an upper bound known in advance: the byte budget of a packet rests on it. */
  readonly overhead: number
  /**
   * `aad` is authenticated and not encrypted; it may be neither kept nor changed. Its bytes 2 to 9 are the sender's boot, for keys by
   * sender. The tag must be within the last 32 bytes of the result, as records of a stream are chained by those. The result is
   * the caller's own.
   */
  seal(plain: Uint8Array, aad: Uint8Array): Uint8Array
  /** The plain bytes, or undefined where they are not authentic. Never throws. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined
}
