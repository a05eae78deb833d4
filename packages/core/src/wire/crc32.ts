import { viewOf } from './view.ts'

/**
 * CRC-32 as IEEE 802.3, zip and memberlist have it (polynomial 0xEDB88320, reflected), of `bytes[start..end)`.
 * Give the sum of the bytes before as `before` to continue it. It finds every change of up to 32 bits in a row;
 * it guards against accidents and against nobody's intent.
 */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number {
  let crc = ~before
  let at = start
  if (end - start >= viewed) {
    // The same by words, which is faster in spite of what the view costs.
    const view = viewOf(bytes)
    for (const whole = end - 7; at < whole; at += 8) {
      const low = crc ^ view.getInt32(at, true)
      const high = view.getInt32(at + 4, true)
      crc =
        table[0x700 | (low & 255)]! ^
        table[0x600 | ((low >>> 8) & 255)]! ^
        table[0x500 | ((low >>> 16) & 255)]! ^
        table[0x400 | (low >>> 24)]! ^
        table[0x300 | (high & 255)]! ^
        table[0x200 | ((high >>> 8) & 255)]! ^
        table[0x100 | ((high >>> 16) & 255)]! ^
        table[high >>> 24]!
    }
  }
  // Eight bytes a round, each through the table that has its distance to the end of the round built in.
  for (const whole = end - 7; at < whole; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      table[0x700 | (low & 255)]! ^
      table[0x600 | ((low >>> 8) & 255)]! ^
      table[0x500 | ((low >>> 16) & 255)]! ^
      table[0x400 | (low >>> 24)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}

/** Whether the last four bytes are the big-endian CRC-32 of those before, continued from `before`. */
export function endsWithCrc32(bytes: Uint8Array, before = 0): boolean {
  const end = bytes.length - 4
  if (end < 0) return false
  const sum = (bytes[end]! << 24) | (bytes[end + 1]! << 16) | (bytes[end + 2]! << 8) | bytes[end + 3]!
  return crc32(bytes, 0, end, before) === sum >>> 0
}

const viewed = 512

const table = /* @__PURE__ */ makeTable()

/** `table[256 * k + b]`: what byte `b` contributes when `k` further bytes follow it. */
function makeTable(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at++) {
    const shorter = made[at - 256]!
    made[at] = (shorter >>> 8) ^ made[shorter & 255]!
  }
  return made
}
