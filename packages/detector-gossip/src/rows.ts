/** Rows that there is room for from the beginning. */
export const firstRows = 16

/** A copy with room for so many rows, and as many again. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array | Float32Array | Float64Array>(
  column: T,
  rows: number,
): T {
  const room = new (column.constructor as new (length: number) => T)(2 * rows)
  room.set(column)
  return room
}
