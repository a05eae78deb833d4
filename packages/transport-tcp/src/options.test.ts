import { expect, it } from 'vitest'
import { resolveOptions } from './options.ts'
import { type TcpOptions, tcp } from './tcp.ts'

it('carries streams, and packets when asked to', () => {
  expect(tcp()).toMatchObject({ kind: 'transport', name: 'tcp', api: 1, maxPacketBytes: 0, streams: true })
  expect(tcp({ packets: true }).maxPacketBytes).toBe(65_507)
  expect(tcp({ packets: true, maxPacketBytes: 1400 }).maxPacketBytes).toBe(1400)
})

it('takes 256 connections, and 1,024 where packets come over them as well', () => {
  const taken = [{}, { packets: true }].map((options) => resolveOptions(options).maxConnections)
  expect(taken).toEqual([256, 1_024])
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

it.each<[keyof TcpOptions, most: number]>([
  ['maxConnections', 1_000_000],
  ['connectTimeout', 2 ** 31 - 1],
  ['idleTimeout', 2 ** 31 - 1],
  ['streamTimeout', 2 ** 31 - 1],
  ['readAheadBytes', 2 ** 31 - 1],
  ['maxPacketBytes', 65_507],
  ['maxPacketConnections', 1_000_000],
  ['packetIdleTimeout', 2 ** 30 - 1],
  ['maxQueuedBytes', 2 ** 31 - 1],
])('%s may be 1 to %i, and nothing beyond', (name, most) => {
  for (const value of [1, most]) expect(() => tcp({ [name]: value })).not.toThrow()
  for (const value of [0, most + 1]) expect(() => tcp({ [name]: value })).toThrow(RangeError)
})
