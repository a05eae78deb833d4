import { resolveSettings } from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { deviationsAt } from './accrual.ts'
import { graceOf, patienceLimit, renewal } from './bound.ts'
import { type GossipOptions, resolveOptions } from './options.ts'
import { Flag, type Peers } from './peers.ts'
import { Silence } from './silence.ts'
import { peersOf } from './testing/rows.ts'

const row = 1

/** One member of a group of ten. */
function setUp(options: GossipOptions = {}): {
  peers: Peers
  silence: Silence
  limit: number
  grace: number
} {
  const resolved = resolveOptions(options, resolveSettings('lan'), 1_300)
  const peers = peersOf(2)
  const silence = new Silence(peers, resolved)
  silence.resize(10)
  silence.begin(0)
  silence.expect(row)
  const group = { ...resolved, n: 10 }
  return { peers, silence, limit: patienceLimit(group), grace: graceOf(group) }
}

/** Heard once in so many milliseconds, from 100 s on. */
function regular(silence: Silence, every = 1_000, times = 200): number {
  let now = 100_000
  for (let beat = 1; beat <= times; beat++, now += every) expect(silence.heard(row, beat, now)).toBe(true)
  return now - every
}

describe('a member that is heard regularly', () => {
  test('may be silent for as long as the threshold and the least deviation say', () => {
    const { silence } = setUp({ threshold: 5, minDeviation: 400 })
    const last = regular(silence)
    expect(silence.due(row, 0) - last).toBeCloseTo(1_000 + deviationsAt(5) * 400, -1)
  })

  test('has a threshold as many times as high as its penalty says', () => {
    const { silence } = setUp({ threshold: 2 })
    const last = regular(silence)
    expect(silence.due(row, 1.5) - last).toBeCloseTo(1_000 + deviationsAt(5) * 500, -1)
  })

  test('is not expected more often than once in an interval', () => {
    const { silence } = setUp()
    const last = regular(silence, 300)
    expect(silence.due(row, 0) - last).toBeCloseTo(1_000 + deviationsAt(4) * 500, 3)
  })

  test('is looked at in the end however irregular it was', () => {
    const { limit, silence } = setUp()
    let now = 100_000
    for (let beat = 1; beat < 100; beat++) {
      now += beat % 2 === 0 ? 20 * 1_000 : 1_000
      silence.heard(row, beat, now)
    }
    expect(silence.due(row, 0) - now).toBeCloseTo(limit, -1)
  })
})

describe('silence', () => {
  test('after a start is nobody’s fault for a while, nor that of a newcomer', () => {
    const { grace, peers, silence } = setUp()
    expect(silence.due(row, 0)).toBeCloseTo(grace, -1)
    silence.heard(row, 1, 500)
    expect(silence.due(row, 0)).toBeCloseTo(grace, -1)
    peers.heardAt[2] = 60_000
    silence.expect(2)
    expect(silence.due(2, 0)).toBeCloseTo(60_000 + grace, -1)
  })

  test('of a node that stood still itself is neither measured nor anybody’s fault', () => {
    const { silence } = setUp()
    const last = regular(silence)
    const before = silence.patience(row, 0)
    silence.pause(9_000, last + 10_000)
    expect(silence.due(row, 0)).toBeGreaterThan(last + 12_000)
    silence.heard(row, 210, last + 10_000)
    expect(silence.patience(row, 0)).toBe(before)
  })

  test('between heartbeats that have waited together is none', () => {
    const { silence } = setUp()
    const last = regular(silence)
    const before = silence.patience(row, 0)
    for (let beat = 201; beat < 210; beat++) silence.heard(row, beat, last + beat - 200)
    expect(silence.patience(row, 0)).toBe(before)
  })
})

describe('a heartbeat', () => {
  test('that is not higher is no news', () => {
    const { silence } = setUp()
    const last = regular(silence)
    expect([silence.heard(row, 200, last + 1_000), silence.heard(row, 3, last + 1_000)]).toEqual([
      false,
      false,
    ])
    expect(silence.due(row, 0)).toBeLessThan(last + 4_000)
  })

  test.each([
    [220, 1_000, true],
    [221, 1_000, false],
    [4_000_000_000, 1_000, false],
    [500, 60_000, false],
    [440, 60_000, true],
  ])('of %i, %i ms after one of 200, is believed: %s', (heartbeat, after, believed) => {
    const { silence } = setUp()
    const last = regular(silence)
    expect(silence.heard(row, heartbeat, last + after)).toBe(believed)
    expect(silence.implausible).toBe(believed ? 0 : 1)
  })

  test('that could not be costs a member that lives one look: what comes after that counts', () => {
    const { silence } = setUp()
    // The first one heard of it was made up, and so its own are too low.
    silence.heard(row, 4_000_000_000, 100_000)
    expect(silence.heard(row, 51, 104_000)).toBe(false)
    silence.reached(row, 105_000)
    expect(silence.heard(row, 52, 105_500)).toBe(true)
    expect(silence.heard(row, 53, 106_500)).toBe(true)
  })

  test('that is a little lower than the one known is an old one even after a look', () => {
    const { silence } = setUp()
    const last = regular(silence)
    silence.reached(row, last + 5_000)
    expect(silence.heard(row, 199, last + 6_000)).toBe(false)
    expect(silence.heard(row, 201, last + 6_100)).toBe(true)
  })
})

describe('a member that is silent and there', () => {
  test('is looked at less often each time, until it is heard', () => {
    const { peers, silence } = setUp()
    let now = regular(silence)
    const gaps: number[] = []
    for (let look = 0; look < 4; look++) {
      now += 5_000
      silence.reached(row, now)
      gaps.push((silence.due(row, 0) - now) / silence.patience(row, 0))
    }
    expect(gaps.map(Math.round)).toEqual([2, 4, 4, 4])
    silence.heard(row, 201, now + 1_000)
    expect(peers.backoffs[row]).toBe(0)
  })

  test('is expected less regularly from then on', () => {
    const { silence } = setUp()
    const last = regular(silence)
    const before = silence.patience(row, 0)
    silence.reached(row, last + 5_000)
    expect(silence.patience(row, 0)).toBeGreaterThan(before + 1_000)
  })
})

describe('a member that did not answer', () => {
  const doubt = (peers: Peers): number => peers.doubts[row]!

  test('is trusted again after three heartbeats in time, and one that is late starts that anew', () => {
    const { peers, silence } = setUp()
    const last = regular(silence)
    silence.unreached(row)
    const seen = [1_000, 2_000, 30_000, 31_000, 32_000, 33_000].map((after, i) => {
      silence.heard(row, 201 + i, last + after)
      return doubt(peers)
    })
    expect(seen).toEqual([2, 1, 3, 2, 1, 0])
  })

  test('is trusted at once when it has refuted', () => {
    const { peers, silence } = setUp()
    const last = regular(silence)
    silence.unreached(row)
    silence.refuted(row, last + 9_000)
    expect(doubt(peers)).toBe(0)
    expect(silence.due(row, 0)).toBeGreaterThan(last + 10_000)
  })
})

test('what is expected of a newcomer grows with the group', () => {
  const { peers, silence } = setUp()
  silence.resize(2_000)
  silence.expect(2)
  const group = { n: 2_000, interval: 1_000, fanout: 1, digestBytes: 1_105 }
  expect(peers.means[2]).toBeCloseTo(renewal(group), 1)
  expect(peers.is(2, Flag.Heard)).toBe(false)
})
