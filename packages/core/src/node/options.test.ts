import { describe, expect, test } from 'vitest'
import type { Detector } from '../engine/detector.ts'
import { profiles } from '../engine/settings.ts'
import type { NodeOptions } from './api.ts'
import { OptionError } from './errors.ts'
import type { Host } from './host.ts'
import { checkOptions } from './options.ts'
import type { Transport } from './transport.ts'

const host = { wake: () => () => undefined } as unknown as Host
const transport = { kind: 'transport', name: 'fake', api: 1 } as unknown as Transport
const detector = (name = 'fake'): Detector => ({
  kind: 'detector',
  name,
  api: 1,
  attach: () => ({ start: () => undefined, stop: () => undefined, onTimer: () => undefined }),
})
const good: NodeOptions = { host, transport, detector: detector() }

describe('options', () => {
  test('have their defaults', () => {
    const { bind, cluster, codec, ...rest } = checkOptions(good)
    expect([bind, cluster, codec.name]).toEqual([{ host: '0.0.0.0', port: 7_946 }, 'default', 'swim'])
    expect(rest).toMatchObject({
      name: undefined,
      advertise: undefined,
      profile: 'lan',
      settings: profiles.lan,
      dropRate: 0,
      coordinates: true,
      eventHistory: 0,
    })
  })

  test.each<[string, Partial<NodeOptions>, unknown]>([
    ['bind with a port', { bind: '10.0.0.5:80' }, { bind: { host: '10.0.0.5', port: 80 } }],
    ['bind without a port', { bind: '10.0.0.5' }, { bind: { host: '10.0.0.5', port: 7_946 } }],
    ['bind to a free port', { bind: '[::1]:0' }, { bind: { host: '::1', port: 0 } }],
    ['advertise a host', { advertise: '10.0.0.5' }, { advertise: { host: '10.0.0.5', port: undefined } }],
    ['advertise host and port', { advertise: '10.0.0.5:80' }, { advertise: { host: '10.0.0.5', port: 80 } }],
    ['advertise IPv6', { advertise: '2001:DB8::1' }, { advertise: { host: '2001:db8::1', port: undefined } }],
    ['advertise IPv6 in brackets', { advertise: '[::1]' }, { advertise: { host: '::1', port: undefined } }],
    ['advertise IPv6 and port', { advertise: '[::1]:80' }, { advertise: { host: '::1', port: 80 } }],
    ['a name of 128 bytes', { name: 'n'.repeat(128) }, { name: 'n'.repeat(128) }],
    [
      'single settings',
      { profile: 'wan', settings: { gossipFanout: 5 } },
      { settings: { ...profiles.wan, gossipFanout: 5 } },
    ],
    ['everything dropped', { dropRate: 1 }, { dropRate: 1 }],
    ['no coordinates', { coordinates: false }, { coordinates: false }],
    ['the longest history', { eventHistory: 100_000 }, { eventHistory: 100_000 }],
  ])('may be: %s', (_, change, expected) => {
    expect(checkOptions({ ...good, ...change })).toMatchObject(expected as object)
  })

  test('one detector is a list of one', () => {
    const [one, other] = [detector('a'), detector('b')]
    expect(checkOptions({ ...good, detector: one }).detectors).toEqual([one])
    expect(checkOptions({ ...good, detector: [one, other] }).detectors).toEqual([one, other])
  })

  // Option, what it is, what the message has to say.
  test.each<[string, unknown, string]>([
    ['host', undefined, 'pass host() from @swimkit/host'],
    ['host', {}, 'pass host()'],
    ['transport', undefined, 'transport is missing'],
    ['transport', null, 'transport is missing'],
    ['transport', detector(), 'no transport'],
    ['transport', { ...transport, api: 2 }, 'plugin contract 2'],
    ['detector', undefined, 'detector is missing'],
    ['detector', null, 'detector is missing'],
    ['detector', [], 'at least one'],
    ['detector', transport, 'no detector'],
    ['detector', [detector(), undefined], 'no detector'],
    ['detector', { ...detector(), api: 0 }, 'plugin contract 0'],
    ['detector', [detector('a'), detector('a')], '"a" is given twice'],
    ['codec', null, 'no codec'],
    ['codec', transport, 'no codec'],
    ['codec', { kind: 'codec', name: 'old', api: 2 }, 'plugin contract 2'],
    ['name', '', 'must not be empty'],
    ['name', 'a b', 'spaces'],
    ['name', 'a\u0000b', 'control characters'],
    ['name', 'é'.repeat(65), '130'],
    ['name', 5, 'name'],
    ['cluster', '', 'must not be empty'],
    ['cluster', 'two words', 'spaces'],
    ['bind', 'example.org:1', 'IP address'],
    ['bind', '10.0.0.5:65536', 'port must be 0..65535'],
    ['bind', '::1', 'brackets'],
    ['advertise', 'example.org', 'IP address'],
    ['advertise', '10.0.0.5:99999', 'port must be'],
    ['advertise', '', ''],
    ['dropRate', -0.1, '0..1'],
    ['dropRate', 1.1, '0..1'],
    ['dropRate', Number.NaN, 'NaN'],
    ['coordinates', 'no', 'true or false'],
    ['eventHistory', -1, '0..100000'],
    ['eventHistory', 100_001, '0..100000'],
    ['eventHistory', 2.5, '2.5'],
    ['eventHistory', Number.NaN, 'NaN'],
    ['profile', 'LAN', 'lan, wan or local'],
    ['profile', 'toString', 'lan, wan or local'],
    ['settings', { probeInterval: 1 }, 'probeInterval is 1: must be 10..600000'],
    ['settings', { nonsense: 1 }, 'nonsense'],
    ['settings', { probeInterval: 400 }, 'probeTimeout is 500'],
    ['hooks', { admit: true }, 'hooks.admit'],
  ])('a bad %s is an OptionError that names it: %j', (option, value, message) => {
    const given: object = { ...good, [option]: value }
    const error = thrown(() => checkOptions(given as NodeOptions))
    expect(error).toBeInstanceOf(OptionError)
    expect(error).toMatchObject({ option })
    expect(error.message).toContain(message)
    expect(error.message).toContain(option === 'settings' ? '' : option)
  })
})

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
