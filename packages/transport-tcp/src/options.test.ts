import { expect, it } from 'vitest'
import { type TcpOptions, tcp } from './tcp.ts'

it('carries streams, and packets when asked to', () => {
  expect(tcp()).toMatchObject({ kind: 'transport', name: 'tcp', api: 1, maxPacketBytes: 0, streams: true })
  expect(tcp({ packets: true }).maxPacketBytes).toBe(65_507)
  expect(tcp({ packets: true, maxPacketBytes: 1400 }).maxPacketBytes).toBe(1400)
})

it.each<[TcpOptions]>([
  [{ maxConnections: 0 }],
  [{ maxConnections: 1.5 }],
  [{ connectTimeout: 0 }],
  [{ connectTimeout: Number.POSITIVE_INFINITY }],
  [{ idleTimeout: 2 ** 31 }],
  [{ streamTimeout: Number.NaN }],
  [{ readAheadBytes: -1 }],
  [{ maxPacketBytes: 65_508 }],
  [{ maxPacketConnections: 0 }],
  [{ packetIdleTimeout: 2 ** 30 }],
  [{ maxQueuedBytes: 0 }],
])('refuses %o, naming the range', (options) => {
  expect(() => tcp(options)).toThrow(RangeError)
  expect(() => tcp(options)).toThrow(/^tcp: \w+ must be a whole number in 1\.\.\d+, not /)
})
