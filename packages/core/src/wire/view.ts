let source: Uint8Array = new Uint8Array(0)
let view = new DataView(source.buffer)

/**
 * The bytes as a DataView, which reads four of them in the time of one. Making it takes as long as reading {@link worthwhile} bytes
 * one by one, so the last is kept, for all that read from the same packet.
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes === source) return view
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  source = bytes
  return view
}

/** {@link viewOf}, if there is one already or `length` bytes are enough to be read by it. */
export function viewFor(bytes: Uint8Array, length: number): DataView | undefined {
  return length >= worthwhile || bytes === source ? viewOf(bytes) : undefined
}

const worthwhile = 40
