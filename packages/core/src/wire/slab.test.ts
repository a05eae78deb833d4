import { expect, test } from 'vitest'
import { copyOf, newBytes } from './slab.ts'

test('what is kept does not hold on to the buffers of packets', () => {
  const packets = new Set<ArrayBufferLike>()
  const kept = new Set<ArrayBufferLike>()
  for (let i = 0; i < 1_000; i++) {
    const packet = newBytes(100)
    packets.add(packet.buffer)
    kept.add(copyOf(packet, 0, packet.length).buffer)
  }
  expect([...kept].filter((buffer) => packets.has(buffer))).toEqual([])
  // 163 of them in a slab, of what is kept as of what is sent.
  for (const { size } of [packets, kept]) expect(size).toBeLessThanOrEqual(8)
})
