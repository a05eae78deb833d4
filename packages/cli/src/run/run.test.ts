import { describe, expect, it } from 'vitest'
import { FakeNode, fakeMember } from '../testing/fake-node.ts'
import { readinessOf } from './start-node.ts'
import { statusLine, statusSampler } from './status-line.ts'

describe('the status line', () => {
  it('summarises health, with the rate since the last one', () => {
    const node = new FakeNode()
    node.list.push(fakeMember('bob', { status: 'suspect' }), fakeMember('cid', { status: 'failed' }))
    let packets = 100
    node.stats = () => ({ engine: { packetsIn: packets, packetsOut: 5 }, transport: {} })
    let now = 0
    const sample = statusSampler(node, () => now)
    now = 2_000
    packets = 124
    expect(statusLine(sample(), false)).toBe(
      '1 alive · 1 suspect · 1 failed · health 1/8 · digest 01234567 · 12 packets/s',
    )
    now = 3_000
    expect(sample().packetsPerSecond).toBe(0)
  })

  it('has colour only where it may', () => {
    const sample = statusSampler(new FakeNode(), () => 0)()
    expect(statusLine(sample, true)).toContain('\u001b[')
    expect(statusLine(sample, false)).not.toContain('\u001b[')
  })
})

describe('readiness', () => {
  it.each([
    ['running', 'alone', 0, true],
    ['running', 'joined', 0, true],
    ['running', 'searching', 0, false],
    ['running', 'searching', 9_999, false],
    ['running', 'searching', 10_000, true],
    ['leaving', 'joined', 60_000, false],
    ['left', 'joined', 60_000, false],
    ['stopped', 'alone', 60_000, false],
  ] as const)('%s, %s, serving for %d ms: %s', (state, seeds, servingFor, ready) => {
    expect(readinessOf({ state }, { state: seeds }, servingFor).ready).toBe(ready)
  })
})
