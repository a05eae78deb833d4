import { expect, test } from 'vitest'
import { measureCodecs } from './codec.mts'

test('every codec that is measured gives back what it was given, and has a figure for it', async () => {
  const results = await measureCodecs({ rounds: 1, time: 1 }, () => undefined)
  for (const { figures, ratios } of results) {
    const of = (format: string): number => figures.find((figure) => figure.format === format)!.bytes
    const best = Math.min(of('msgpackr, records'), of('msgpackr, plain'))
    expect(ratios.bytes).toBeCloseTo(of('swim') / best, 9)
    expect([ratios.encodeNs > 0, ratios.decodeNs > 0]).toEqual([true, true])
  }
  const figures = results.flatMap((result) => result.figures)
  expect(figures.length).toBe(4 * results.length)
  for (const { bytes, decodeNs, encodeNs } of figures) {
    expect([bytes > 0, encodeNs > 0, decodeNs > 0]).toEqual([true, true, true])
  }
})
