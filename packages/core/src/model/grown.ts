type Cells = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

/** `into`, with the cells of a smaller array, if there is one, in front: typed arrays cannot grow in place. */
export function grown<T extends Cells>(into: T, from: T | undefined): T {
  if (from !== undefined) into.set(from)
  return into
}
