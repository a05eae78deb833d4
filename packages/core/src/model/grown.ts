type Cells = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

/** `into`, with the cells of a smaller array in front: typed arrays cannot grow in place. */
export function grown<T extends Cells>(into: T, from: T): T {
  into.set(from)
  return into
}
