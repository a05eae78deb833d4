let source: Uint8Array = new Uint8Array(0)
let view = new DataView(source.buffer)

/**
 * The bytes as a DataView, which reads four of them in the time of one. Making it takes as long as reading some {@link worthwhile} of them
 * one by one, so the last is kept, for all that read from the same packet.
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes === source) return view
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  source = bytes
  return view
}

/** {@link viewOf}, if there is one already or there are so many bytes that one pays. */
export function viewFor(bytes: Uint8Array): DataView | undefined {
  return bytes === source || bytes.length >= worthwhile ? viewOf(bytes) : undefined
}

/** More than V8 keeps within its heap: of such an array a view would first have to move the bytes. */
const worthwhile = 80
