/** Up to so many bytes an array of its own stands within V8's heap, and costs as little. */
const small = 64
/** Larger ones than this would waste too much of a slab. */
const large = 2_048
const slabBytes = 16_384

/** One after the other, pieces of buffers that nothing else is cut from. */
class Slab {
  #buffer = new ArrayBuffer(slabBytes)
  #used = 0

  /** Zeroed bytes, of more than that many: a shorter array has its own. */
  take(size: number, least = small): Uint8Array {
    if (size <= least || size > large) return new Uint8Array(size)
    if (this.#used + size > slabBytes) {
      this.#buffer = new ArrayBuffer(slabBytes)
      this.#used = 0
    }
    const bytes = new Uint8Array(this.#buffer, this.#used, size)
    this.#used += size
    return bytes
  }
}

/** Of what is gone after it was sent. */
const passing = new Slab()
/** Of what is kept: among packets, each piece would hold on to a whole slab of them for as long as it stays. */
const lasting = new Slab()

/**
 * Zeroed bytes, cut from a slab that others' are cut from and that is never used again: an array of packet size with a buffer of
 * its own costs V8 ten times as much, most of it when it is collected.
 */
export const newBytes = (size: number): Uint8Array => passing.take(size)

/**
 * The same for what a socket or a cipher is given: of any size, as V8 moves a small array out of its heap once native code asks where it is, at several
 * times the price of a piece.
 */
export const newPacket = (size: number): Uint8Array => passing.take(size, 0)

/** `bytes[start..end)` as the caller's own, to be kept. (`slice` is no way to copy: Node's Buffer returns a view.) */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  const own = lasting.take(length)
  // A view costs more than a short loop.
  if (length <= shortCopy) for (let i = 0; i < length; i++) own[i] = bytes[start + i]!
  else own.set(bytes.subarray(start, end))
  return own
}

const shortCopy = 64
