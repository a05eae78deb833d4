import type { PeerRecord, Sender } from '../model/peer.ts'
import type { Message } from './message.ts'
import type { Sealer } from './sealer.ts'

/** Faults of who is no member of this cluster by its keys: plain where all is sealed, sealed where there is no key, by another key, or by nobody's. */
export const keyFaultKinds = ['plain', 'no-key', 'unknown-key', 'forged'] as const
/** Why bytes were not understood. Each has a counter; none is an exception. */
export const faultKinds = ['malformed', 'version', 'too-big', 'cluster', ...keyFaultKinds] as const
export type FaultKind = (typeof faultKinds)[number]

/** Whether it is a fault of keys. */
export const isKeyFault = ({ fault }: Fault): boolean =>
  (keyFaultKinds as readonly FaultKind[]).includes(fault)

export interface Fault {
  readonly fault: FaultKind
  /** For a person: what was wrong, with what came from the network escaped. */
  readonly detail: string
}

/** A packet's content: who sent it, if the format says so, and its messages in order. */
export interface Decoded {
  readonly sender: Sender | undefined
  readonly messages: readonly Message[]
  /** Messages of types that this build does not know; they were skipped. */
  readonly skipped: number
}

/** A whole message of a stream, and who sent it. */
export interface StreamMessage {
  readonly sender: Sender | undefined
  readonly message: Message
}

/** Reads one message from the chunks of a stream. Bounded, and never parses the same bytes twice. */
export interface StreamReader {
  /** The message once it is whole; undefined while it is not; a fault ends the stream. */
  push(chunk: Uint8Array): StreamMessage | Fault | undefined
}

/** What a codec is told when a node or simulator opens it. */
export interface CodecContext {
  /** Label on every packet and stream; bytes of another cluster are a fault of kind `cluster`. */
  readonly cluster: string
  readonly sealer: Sealer | undefined
  /** Largest packet to accept, in bytes. */
  readonly maxPacketBytes: number
  /** Largest message of a stream to accept, in bytes as decoded. */
  readonly maxStreamBytes: number
}

/**
 * Turns messages into bytes and back, in its own framing order: label, sealing, checksum. Decoding is total:
 * hostile bytes yield a {@link Fault}, never an exception and never part of a message.
 */
export interface Codec {
  /** One message as it rides in a packet: encoded once, queued and sent many times. */
  encode(message: Message): Uint8Array
  /** A packet of encoded parts. A sender object never changes, so that what is built of it may be kept. It is at most `bundleOverhead(sender)`, plus each part's length and `partOverhead`. */
  bundle(sender: Sender, parts: readonly Uint8Array[], to: PeerRecord | undefined): Uint8Array
  /** Bytes of a packet with no parts, at most: with sealing, also while nothing is sealed. */
  bundleOverhead(sender: Sender): number
  readonly partOverhead: number
  decode(packet: Uint8Array): Decoded | Fault
  /** One message for a stream, in chunks of at most about 64 KiB, made as they are taken: to be taken once. A value out of range throws then. */
  encodeStream(sender: Sender, message: Message): Iterable<Uint8Array>
  streamReader(): StreamReader
  /** Whether a sync can start with a digest; if not, full tables are exchanged. */
  readonly digests: boolean
}

/** A codec to be opened: `codec: swimCodec()`. The name is what `--codec` selects and `display_protocol` shows. */
export interface CodecPlugin {
  readonly kind: 'codec'
  readonly name: string
  readonly api: 1
  open(context: CodecContext): Codec
}

export const isFault = (x: object): x is Fault => 'fault' in x
