import { hashText } from '../model/hash.ts'

/** Length of the ring on which names have their positions: 0..2⁵³−1. Two of 65,536 names meet once in four million groups. */
export const ringLength: number = 2 ** 53
const lowBits = 21
const lowScale = 2 ** lowBits

/** Where a name is on the ring: the same for every node, on every runtime, and of nothing but the name. */
export function ringPosition(name: string): number {
  return hashText(name, 0x9e3779b9) * lowScale + (hashText(name, 0x7f4a7c15) >>> (32 - lowBits))
}

/** How far `to` is ahead of `from`, 1..ringLength: who is in the same place is the whole ring ahead. */
export function ringAhead(from: number, to: number): number {
  return to > from ? to - from : to - from + ringLength
}

/** The upper 32 bits of a position or of a distance below {@link ringLength}. */
export const upperWord = (position: number): number => Math.floor(position / lowScale)
