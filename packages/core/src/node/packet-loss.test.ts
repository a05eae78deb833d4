import { expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import { OptionError } from './errors.ts'
import { PacketLoss } from './packet-loss.ts'

test('packets are lost at the rate that was set, and counted on either side', () => {
  const loss = new PacketLoss(0.25, createRandom([7]))
  const lost = (way: 'in' | 'out'): number =>
    Array.from({ length: 4_000 }, () => loss[way]()).filter(Boolean).length
  const [ins, outs] = [lost('in'), lost('out')]
  expect(ins / 4_000).toBeCloseTo(0.25, 1)
  expect(outs / 4_000).toBeCloseTo(0.25, 1)
  expect([loss.packetsDroppedIn, loss.packetsDroppedOut]).toEqual([ins, outs])
})

test('none are at 0, all are at 1', () => {
  const loss = new PacketLoss(0, createRandom([7]))
  for (let i = 0; i < 100; i++) expect(loss.in()).toBe(false)
  loss.rate = 1
  for (let i = 0; i < 100; i++) expect(loss.out()).toBe(true)
  expect([loss.packetsDroppedIn, loss.packetsDroppedOut]).toEqual([0, 100])
})

test.each([-0.1, 1.1, Number.NaN, '0.5' as unknown as number])(
  'a rate of %s is refused, and the one before stays',
  (rate) => {
    const loss = new PacketLoss(0.5, createRandom([7]))
    expect(() => {
      loss.rate = rate
    }).toThrow(OptionError)
    expect(loss.rate).toBe(0.5)
  },
)
