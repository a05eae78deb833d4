import type fc from 'fast-check'
import type { Draw } from './mutations.ts'

/** Something that takes bytes of strangers, and what must hold whatever they are. */
export interface Target {
  readonly name: string
  /** Bytes of an input at most. */
  readonly maxBytes: number
  /** Inputs that are as they should be. What is found with them is kept in the corpus. */
  readonly valid: fc.Arbitrary<Uint8Array>
  /** One damaged with knowledge of the format, so that the damage gets past lengths and checksums. Default: bytes like any. */
  readonly damage?: (input: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array
  /** Throws where something does not hold. The same input always does the same. */
  check(input: Uint8Array): void | Promise<void>
}

/** Something that must hold for every input does not. */
export class Breach extends Error {
  override readonly name = 'Breach'
}

export function hold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Breach(what)
}
