import { resolveSettings } from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { gossip } from './gossip.ts'
import { type GossipOptions, resolveOptions } from './options.ts'

describe('an option', () => {
  test.each<[options: object, error: string]>([
    [{ interval: 9 }, 'gossip: interval is 9: must be a number 10..600000 ms'],
    [{ interval: Number.NaN }, 'gossip: interval is NaN: must be a number 10..600000 ms'],
    [{ fanout: 1.5 }, 'gossip: fanout is 1.5: must be a whole number 1..16'],
    [{ fanout: 0 }, 'gossip: fanout is 0: must be a whole number 1..16'],
    [{ threshold: 17 }, 'gossip: threshold is 17: must be a number 1..16'],
    [{ minDeviation: 0 }, 'gossip: minDeviation is 0: must be a number 1..600000 ms'],
    [{ digestBytes: 100 }, 'gossip: digestBytes is 100: must be a whole number 139..65507 bytes'],
    [{ watchers: 65 }, 'gossip: watchers is 65: must be a whole number 1..64'],
    [{ looksAtOnce: 0 }, 'gossip: looksAtOnce is 0: must be a whole number 1..64'],
    [{ trustAfter: 256 }, 'gossip: trustAfter is 256: must be a whole number 1..255'],
    [
      { penaltyHalfLife: Number.POSITIVE_INFINITY },
      'gossip: penaltyHalfLife is Infinity: must be a number 1..86400000 ms',
    ],
  ])('out of range is refused: %j', (options, error) => {
    expect(() => gossip(options)).toThrow(new RangeError(error))
  })

  test('that is no number, or that there is not, is refused', () => {
    const options = { interval: '5' } as unknown as GossipOptions // as JavaScript may
    expect(() => gossip(options)).toThrow(
      new TypeError('gossip: interval is a string: must be a number 10..600000 ms'),
    )
    expect(() => gossip({ phi: 8 } as GossipOptions)).toThrow(
      /^gossip has no option "phi": there are interval, fanout, /,
    )
  })

  test('that is undefined is not given', () => {
    const none = undefined as unknown as number // as JavaScript may
    expect(gossip({ interval: none })).toMatchObject({ kind: 'detector', name: 'gossip', api: 1 })
  })
})

describe('what is not given', () => {
  test('follows the node’s settings', () => {
    expect(resolveOptions({}, resolveSettings('wan'), 1_000)).toEqual({
      interval: 5_000,
      fanout: 1,
      threshold: 4,
      minDeviation: 2_500,
      digestBytes: 850,
      watchers: 7,
      looksAtOnce: 4,
      trustAfter: 3,
      penaltyHalfLife: 300_000,
    })
  })

  test('leaves room in a packet, and so does what is given', () => {
    const settings = resolveSettings('lan')
    expect(resolveOptions({ digestBytes: 5_000 }, settings, 1_000).digestBytes).toBe(850)
    expect(resolveOptions({ digestBytes: 500 }, settings, 1_000).digestBytes).toBe(500)
    expect(resolveOptions({}, settings, 20).digestBytes).toBe(139)
  })
})
