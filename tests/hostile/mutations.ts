/** A whole number below the bound; whoever damages an input draws what it does. */
export type Draw = (bound: number) => number

/** Bytes damaged like any: bits, lengths, extremes, parts cut out, doubled, or put in from another input. */
export function damageBytes(input: Uint8Array, draw: Draw, other: Uint8Array): Uint8Array {
  const at = draw(input.length + 1)
  switch (draw(10)) {
    case 0:
      return changed(input, at, (byte) => byte ^ (1 << draw(8)))
    case 1:
      return changed(input, at, () => bytes[draw(bytes.length)]!)
    case 2:
      return changed(input, at, (byte) => byte + draw(33) - 16)
    case 3:
      return input.slice(0, at)
    case 4:
      return spliced(input, at, draw(16) + 1, nothing)
    case 5:
      return spliced(input, at, 0, input.slice(at, at + 1 + draw(32)))
    case 6:
      return spliced(input, at, draw(2) * draw(16), sliceOf(other, draw))
    case 7:
      return spliced(input, at, draw(2) * 4, extremes[draw(extremes.length)]!)
    case 8:
      return spliced(
        input,
        at,
        0,
        Uint8Array.from({ length: 1 + draw(8) }, () => draw(256)),
      )
    default:
      return spliced(input, at, draw(9), broken[draw(broken.length)]!)
  }
}

/** So many times in a row, by `once`. */
export function damaged(
  input: Uint8Array,
  draw: Draw,
  other: Uint8Array,
  maxBytes: number,
  once: (input: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array = damageBytes,
): Uint8Array {
  let result = input
  for (let left = 1 + draw(4); left > 0; left--) result = once(result, draw, other)
  return result.length > maxBytes ? result.slice(0, maxBytes) : result
}

/** In place of so many bytes, others. */
export function spliced(input: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const tail = input.subarray(Math.min(input.length, at + remove))
  const result = new Uint8Array(at + insert.length + tail.length)
  result.set(input.subarray(0, at))
  result.set(insert, at)
  result.set(tail, at + insert.length)
  return result
}

function changed(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const result = input.slice()
  if (at < result.length) result[at] = change(result[at]!)
  return result
}

function sliceOf(other: Uint8Array, draw: Draw): Uint8Array {
  const start = draw(other.length + 1)
  return other.slice(start, start + 1 + draw(64))
}

const nothing = new Uint8Array(0)
const bytes = [0, 1, 2, 7, 16, 17, 32, 33, 63, 64, 65, 127, 128, 129, 254, 255]
/** Numbers at the ends of what fits, as u32, u64 and varint, and varints that are longer than they need be. */
const extremes = [
  [0, 0, 0, 0],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0x80, 0x00],
  [0x80, 0x80, 0x04],
  [0xff, 0xff, 0xff, 0x7f],
].map((list) => Uint8Array.from(list))
/** No UTF-8: a lone continuation, an overlong slash, a surrogate, beyond Unicode, cut off; and UTF-8 that no name may have. */
const broken = [
  [0x80],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0xef, 0xbb, 0xbf],
  [0x00],
  [0x20],
  [0xe2, 0x80, 0xae],
].map((list) => Uint8Array.from(list))
