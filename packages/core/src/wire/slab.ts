/** Up to so many bytes an array of its own stands within V8's heap, and costs as little. */
const small = 64
/** Larger ones than this would waste too much of a slab. */
const large = 2_048
const slabBytes = 16_384

let slab = new ArrayBuffer(slabBytes)
let used = 0

/**
 * Zeroed bytes, cut from a slab that others' are cut from and that is never used again: an array of packet size with a buffer of
 * its own costs V8 ten times as much, most of it when it is collected.
 */
export function newBytes(size: number): Uint8Array {
  if (size <= small || size > large) return new Uint8Array(size)
  if (used + size > slabBytes) {
    slab = new ArrayBuffer(slabBytes)
    used = 0
  }
  const bytes = new Uint8Array(slab, used, size)
  used += size
  return bytes
}

/** `bytes[start..end)` as the caller's own. (`slice` is no way to copy: Node's Buffer returns a view.) */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  const own = newBytes(length)
  // A view costs more than a short loop.
  if (length <= shortCopy) for (let i = 0; i < length; i++) own[i] = bytes[start + i]!
  else own.set(bytes.subarray(start, end))
  return own
}

const shortCopy = 64
