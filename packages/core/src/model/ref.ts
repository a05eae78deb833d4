/**
 * Handle of a name in a {@link Directory}: a slot, and a generation that defeats a stale handle of a reused slot.
 * A small integer on every engine: 20 bits of slot, 10 of generation.
 */
export type Ref = number & { readonly __ref: never }

export const maxSlots: number = 1 << 20
const generationMask = (1 << 10) - 1

export const slotOf = (ref: Ref): number => ref & (maxSlots - 1)
export const generationOf = (ref: Ref): number => ref >>> 20
// The brand has no representation at run time; this is the one place that makes one.
export const makeRef = (slot: number, generation: number): Ref =>
  (slot | ((generation & generationMask) << 20)) as Ref
