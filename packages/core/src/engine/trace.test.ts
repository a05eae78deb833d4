import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ref } from '../model/ref.ts'
import { Trace, traceOutcomes, tracePaths } from './trace.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const member = (n: number) => n as Ref

describe('the trace', () => {
  test('keeps the last entries of all members together, and tells those of one, oldest first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(4), { maxLength: 150 }),
        (capacity, subjects) => {
          const trace = new Trace(capacity)
          for (const [now, subject] of subjects.entries()) {
            trace.record(member(subject), undefined, 'gossip', 'suspect', now, now)
          }
          const kept = [...subjects.entries()].slice(-capacity)
          for (const subject of [0, 1, 2, 3, 4]) {
            const expected = kept.filter(([, of]) => of === subject).map(([now]) => now)
            expect(trace.about(member(subject)).map(({ at }) => at)).toEqual(expected)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each([15, 16, 17, 32, 512])('of %i entries is whole when it is full and one more', (capacity) => {
    const trace = new Trace(capacity)
    for (let now = 0; now <= capacity; now++) trace.record(member(1), member(2), 'direct', 'ack', 1, now)
    const told = trace.about(member(1))
    expect([told.length, told[0]?.at, told.at(-1)?.at]).toEqual([capacity, 1, capacity])
  })

  test('gives back every field as it was, of every path and outcome', () => {
    const trace = new Trace(tracePaths.length * traceOutcomes.length)
    const entries = tracePaths.flatMap((path, i) =>
      traceOutcomes.map((outcome, j) => ({
        at: i + j / 16,
        by: j % 2 === 0 ? undefined : member(2 ** 30 - 1 - j),
        path,
        outcome,
        incarnation: 0xffff_ffff - j,
      })),
    )
    for (const { at, by, incarnation, outcome, path } of entries) {
      trace.record(member(2 ** 30 - 1), by, path, outcome, incarnation, at)
    }
    expect(trace.about(member(2 ** 30 - 1))).toEqual(entries)
  })

  test('has nothing about whom nothing was recorded', () => {
    expect(new Trace(10).about(member(0))).toEqual([])
  })

  test('of a capacity below one keeps one', () => {
    const trace = new Trace(0)
    for (const now of [1, 2]) trace.record(member(1), undefined, 'sync', 'failed', 1, now)
    expect(trace.about(member(1)).map(({ at }) => at)).toEqual([2])
  })
})
