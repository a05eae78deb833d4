import { createRandom } from '@swimkit/core'
import { expect, test } from 'vitest'
import { kinds, schedule } from './schedule.ts'

const lot = { nodes: 20, withClock: [0, 5, 10, 15], withDisk: [1, 5, 9, 13, 17] }

function rounds(seed: number, count: number) {
  const dealt = schedule(createRandom([seed]), lot)
  return Array.from({ length: count }, () => dealt.next().value)
}

test('the same seed deals the same faults, and another one others', () => {
  expect(rounds(7, 20)).toEqual(rounds(7, 20))
  expect(rounds(8, 20)).not.toEqual(rounds(7, 20))
})

test.each([1, 2, 3, 4, 5])(
  'every kind of fault is dealt within 20 rounds, and each has an end (seed %i)',
  (seed) => {
    const acts = rounds(seed, 20).flat()
    expect(new Set(acts.map(([kind]) => kind))).toEqual(new Set(kinds))
    for (const [, act] of acts) {
      expect(act.for).toBeLessThanOrEqual(25_000)
      expect(act.after).toBeLessThan(4_000)
    }
  },
)

test('only those are dealt what needs a disk or a clock that have one', () => {
  for (const [kind, act] of rounds(3, 200).flat()) {
    const nodes = act.nodes === 'all' ? [] : act.nodes
    if (act.do === 'diskFull' || kind === 'crash, rejoin by snapshot') {
      expect(lot.withDisk).toEqual(expect.arrayContaining([...nodes]))
    }
    if (act.do === 'clock') expect(lot.withClock).toEqual(expect.arrayContaining([...nodes]))
  }
})
