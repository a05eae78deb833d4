/** Bytes that differ from seed to seed and from place to place. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2_654_435_761) >>> 0
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** The same bytes as a view into a larger buffer, with others on both sides. */
export function inside(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.length + 48).fill(0x5a)
  larger.set(bytes, 16)
  return larger.subarray(16, 16 + bytes.length)
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
