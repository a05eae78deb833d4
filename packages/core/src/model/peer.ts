import type { Address } from './address.ts'

/**
 * 64 random bits drawn at every start of a process. Two processes that claim one name, or one
 * process before and after a restart, differ in it even where name, address and clock agree.
 */
export type Boot = bigint

/** Who is speaking: the name, which process under that name, and its latest incarnation. */
export interface Sender {
  readonly name: string
  /** 0n where the wire format has no boot (memberlist). */
  readonly boot: Boot
  readonly incarnation: number
}

/** A payload that is too large for a record, which only says which one it is. */
export interface PayloadRef {
  /** Bytes, 1..16,777,216. */
  readonly size: number
  /** SHA-256 of it: 32 bytes. */
  readonly hash: Uint8Array
}

/**
 * What a member says of itself. It changes only with its incarnation, and only the member
 * changes it. Immutable, so that one object can serve every table in a process.
 */
export interface PeerRecord {
  readonly name: string
  /** 0n where the wire format has no boot (memberlist). */
  readonly boot: Boot
  /** Wall-clock milliseconds at which this boot started; the earlier start keeps a contested name. */
  readonly startedAt: number
  /** Where others reach it: advertised, never the source address of a packet. */
  readonly address: Address
  /** Streams have reached it at that address in this boot; without it a refused stream is no evidence. */
  readonly streams: boolean
  /** It is draining: alive, but no longer to be picked for work. */
  readonly leaving: boolean
  /** Range of protocol versions it speaks, both 1..255. */
  readonly protocolMin: number
  readonly protocolMax: number
  /** Detectors it could run and features it has, as `detector:pingack`. At most 32 of at most 64 bytes. */
  readonly capabilities: readonly string[]
  /** The application's part: tags, services and payload as encoded by the node. At most 512 bytes by default. */
  readonly data: Uint8Array
  /** Part that a foreign wire format adds, handed on as received. */
  readonly opaque: Uint8Array | undefined
  /** The member's payload, where it is too large for `data`: whoever lacks it fetches it over a stream. Default: none. */
  readonly payload?: PayloadRef | undefined
}
