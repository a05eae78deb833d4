/**
 * Natural logarithm of a finite x ≥ 1. ECMAScript leaves the last bits of `Math.log` to the engine; this uses only
 * the four basic operations, which are exact by standard, so that a simulated run is the same on every runtime.
 * ln x = e·ln 2 + 2·atanh((m − 1) / (m + 1)) with x = m·2^e and m in [1, 2); within 1e−15 of the true value.
 */
export function ln(x: number): number {
  let exponent = 0
  let mantissa = x
  while (mantissa >= 2) {
    mantissa /= 2
    exponent++
  }
  const t = (mantissa - 1) / (mantissa + 1)
  const square = t * t
  let power = t
  let sum = 0
  for (let odd = 1; power > 1e-18; odd += 2) {
    sum += power / odd
    power *= square
  }
  return exponent * Math.LN2 + 2 * sum
}

export const log10 = (x: number): number => ln(x) / Math.LN10
export const log2 = (x: number): number => ln(x) / Math.LN2

/** ceil(log2(n + 1)) for a whole n in 1..2³¹: the number of its binary digits. */
export const binaryDigits = (n: number): number => 32 - Math.clz32(n)

/** ceil(log10(n + 1)) for a whole n ≥ 1: the number of its decimal digits, exactly. */
export function decimalDigits(n: number): number {
  let digits = 1
  for (let bound = 10; n >= bound; bound *= 10) digits++
  return digits
}
