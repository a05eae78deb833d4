import type { Fault } from './codec.ts'

/**
 * Why sealed bytes were not opened. `unknown-key`: by a key that this node lacks, as they say. `forged`: they are not what a key of
 * this node sealed, in that place.
 */
export interface Unopened extends Fault {
  readonly fault: 'unknown-key' | 'forged'
}

/**
 * Authenticated encryption of whole packets and stream records. Synchronous, because an asynchronous cipher
 * reorders packets and makes a busy node look slow.
 */
export interface Sealer {
  /** Bytes that sealing adds, an upper bound known in advance: the byte budget of a packet rests on it. */
  readonly overhead: number
  /**
   * Whether what this node sends is sealed; without it that is plain, as of a node that has no sealer. It may change while the node runs, and
   * so does {@link verifyIncoming}: so a cluster that runs is brought to sealing without an outage. Default true.
   */
  readonly verifyOutgoing?: boolean
  /** Whether what is plain is refused. Default true. */
  readonly verifyIncoming?: boolean
  /**
   * `aad` is authenticated and not encrypted; it may be neither kept nor changed. Its bytes 2 to 9 are the sender's boot, for keys by
   * sender. The tag must be within the last 32 bytes of the result, as records of a stream are chained by those. The result is
   * the caller's own.
   */
  seal(plain: Uint8Array, aad: Uint8Array): Uint8Array
  /** The plain bytes, or why there are none. Never throws. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | Unopened
}

/** Whether a node with that sealer seals what it sends. */
export const seals = (sealer: Sealer | undefined): sealer is Sealer =>
  sealer !== undefined && sealer.verifyOutgoing !== false

/** What is wrong with bytes because they are sealed, or because they are not: undefined where that is as it should be. */
export function protectionFault(sealed: boolean, sealer: Sealer | undefined): Fault | undefined {
  if (sealed) return sealer === undefined ? noKey : undefined
  return sealer === undefined || sealer.verifyIncoming === false ? undefined : plain
}

const noKey: Fault = { fault: 'no-key', detail: 'sealed, and this node has no key' }
const plain: Fault = { fault: 'plain', detail: 'not sealed, and this node accepts nothing plain' }
