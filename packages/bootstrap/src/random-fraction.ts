import type { Host } from '@swimkit/core'

/** A number in [0, 1), of the system's randomness. */
export function randomFraction(host: Pick<Host, 'entropy'>): number {
  const [a = 0, b = 0, c = 0, d = 0] = host.entropy(4)
  return (a * 0x100_0000 + b * 0x1_0000 + c * 0x100 + d) / 0x1_0000_0000
}

/** Up to `count` of them, any with the same likelihood. */
export function randomFew<T>(host: Pick<Host, 'entropy'>, all: readonly T[], count: number): T[] {
  const left = [...all]
  const few: T[] = []
  while (few.length < count && left.length > 0) {
    few.push(...left.splice(Math.floor(randomFraction(host) * left.length), 1))
  }
  return few
}
