import { crc32, type Sealer } from '@swimkit/core'

/**
 * What protects packets and streams, made by hand as docs/protocol.md says: so that any bytes can be put where a codec would put
 * well-formed ones, and get past checksum and seal.
 */

export const cluster = 'hostile'
const label = new TextEncoder().encode(cluster)
const encoder = new TextEncoder()

/** First bytes of the formats. */
export const magic = { swim: 0xd0, json: 0xd4 } as const
const sealedBit = 1
const streamBit = 2

/** `[magic][1][boot u64][label]` */
export function clearHeader(kind: keyof typeof magic, stream: boolean, sealed: boolean): Uint8Array {
  const header = new Uint8Array(11 + label.length)
  header[0] = magic[kind] | (stream ? streamBit : 0) | (sealed ? sealedBit : 0)
  header[1] = 1
  header[9] = 7
  header[10] = label.length
  header.set(label, 11)
  return header
}

/** A packet of codec `swim`: everything after the clear header is given. */
export function swimPacket(body: Uint8Array, sealer: Sealer | undefined): Uint8Array {
  const header = clearHeader('swim', false, sealer !== undefined)
  return sealer === undefined ? summed(join(header, body)) : join(header, sealer.seal(body, header))
}

/** Bytes, and their CRC-32 behind them. */
export const summed = (bytes: Uint8Array): Uint8Array => join(bytes, u32(crc32(bytes)))

/** A packet of codec `json`: its lines are given. */
export function jsonPacket(lines: Uint8Array, sealer: Sealer | undefined): Uint8Array {
  if (sealer === undefined) {
    return join(encoder.encode(`${crc32(lines).toString(16).padStart(8, '0')} `), lines)
  }
  const header = clearHeader('json', false, true)
  return join(header, sealer.seal(lines, header))
}

/** A stream with these records. */
export function stream(
  kind: keyof typeof magic,
  records: readonly Uint8Array[],
  sealer: Sealer | undefined,
): Uint8Array {
  const header = clearHeader(kind, true, sealer !== undefined)
  const parts: Uint8Array[] = [header]
  let linked = new Uint8Array(0)
  for (const [number, plain] of records.entries()) {
    const last = number === records.length - 1
    const context = join(header, u32(number), Uint8Array.of(last ? 1 : 0), linked)
    const record =
      sealer === undefined
        ? join(plain, u32(crc32(plain, 0, plain.length, crc32(context))))
        : sealer.seal(plain, context)
    parts.push(u32((last ? 0x8000_0000 : 0) + record.length), record)
    linked = record.slice(-32)
  }
  return join(...parts)
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
