/**
 * What the codecs accept, in bytes unless said otherwise. Decoding refuses more with a fault; encoding more
 * is a RangeError, because nothing of the kind may get as far as the codec.
 */

/** Names of members, detectors and accusers: 1..128 bytes of UTF-8. */
export const maxNameBytes = 128

/** The cluster label: 0..255 bytes of UTF-8. */
export const maxClusterBytes = 255

/** Host of an address that is not IP: 1..255 bytes of UTF-8. */
export const maxHostBytes = 255

/** The application's data in a record. A node allows itself 512 by default; this is what others must bear. */
export const maxDataBytes = 65_536

/** Payload of an ack; what fits a packet binds long before this does. */
export const maxPayloadBytes = 65_536

/** A member's payload that is too large for its record. A node allows itself less, see `Settings.maxPayloadBytes`. */
export const maxLargePayloadBytes = 16_777_216

/** What such a payload is known by: its SHA-256. */
export const payloadHashBytes = 32

/** Coordinate on an ack. This build's are 22 bytes; what is longer is a later build's. */
export const maxCoordinateBytes = 64

/** Part of a record that a foreign wire format adds. */
export const maxOpaqueBytes = 1_024

/** Capabilities in one record, a count. */
export const maxCapabilities = 32

/** One capability: 1..64 bytes of UTF-8, spelt by the rule for names. */
export const maxCapabilityBytes = 64

/** Accusations on one suspect, a count; a suspect claim has at least one. */
export const maxAccusations = 16

/** Targets of one indirect ping request, a count; at least one. */
export const maxPingTargets = 16

/** Channel of a custom message: 1..32 bytes of UTF-8, spelt by the rule for names. */
export const maxChannelBytes = 32

/** Body of a user event, a query or an answer. A node allows itself less, see `Settings.maxEventBytes`; this is what others must bear. */
export const maxBodyBytes = 65_536

/** Members that a query names, a count. */
export const maxQueryNames = 64

/** Tags that a query asks for, a count; each key and value at most 255 bytes of UTF-8. */
export const maxQueryTags = 16
export const maxQueryTagBytes = 255

/** Events, or ids of events, in one exchange, a count. */
export const maxEvents = 1_024

/** Text of an error reply. Longer text is cut on the way out, at the end of a character. */
export const maxErrorBytes = 512

/** 32-bit words in the buckets of a sync digest, a count. */
export const maxDigestWords = 8_192

/**
 * Most that a stream record holds, unless a single part is larger. With the clear header, the length prefix
 * and a seal of up to 240 bytes around it, a chunk stays within 64 KiB.
 */
export const maxRecordBytes = 65_024

export const maxU32 = 0xffff_ffff
