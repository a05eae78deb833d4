import type { Address, Transport } from '@swimkit/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { udp } from './udp.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

const opened: Transport[] = []
afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close()
})

async function open(transport: Transport, bind: Address = LOOPBACK) {
  opened.push(transport)
  const handlers = { packet: vi.fn(), connection: vi.fn(), fault: vi.fn() }
  return { transport, handlers, address: await transport.open(bind, handlers) }
}

describe('udp', () => {
  it('states what it carries', () => {
    expect(udp()).toMatchObject({
      kind: 'transport',
      name: 'udp',
      api: 1,
      maxPacketBytes: 65_507,
      streams: false,
    })
    expect(udp({ maxPacketBytes: 1400 }).maxPacketBytes).toBe(1400)
  })

  it.each([
    [{ maxPacketBytes: 0 }],
    [{ maxPacketBytes: 65_508 }],
    [{ maxInFlight: 0 }],
    [{ maxInFlight: 1.5 }],
    [{ maxInFlight: Number.NaN }],
  ])('refuses the options %o', (options) => {
    expect(() => udp(options)).toThrow(RangeError)
  })

  it.each([
    ['maxPacketBytes', 65_507],
    ['maxInFlight', 1_000_000],
  ])('%s may be 1 to %i, and nothing beyond', (name, most) => {
    for (const value of [1, most]) expect(() => udp({ [name]: value })).not.toThrow()
    for (const value of [0, most + 1]) expect(() => udp({ [name]: value })).toThrow(RangeError)
  })

  it.each([
    ['a name', { host: 'localhost', port: 9 }],
    ['nothing', { host: '', port: 9 }],
    ['the other family', { host: '::1', port: 9 }],
    ['port 0', { host: '127.0.0.1', port: 0 }],
    ['a port too high', { host: '127.0.0.1', port: 65_536 }],
    ['half a port', { host: '127.0.0.1', port: 9.5 }],
    ['no port', { host: '127.0.0.1', port: Number.NaN }],
  ])('counts a send to %s as a bad address', async (_, to) => {
    const { transport } = await open(udp())
    transport.send(to, new Uint8Array(1))
    expect(transport.stats()).toMatchObject({ badAddresses: 1, packetsSent: 0, sendErrors: 0 })
  })

  it('sends a packet of the maximum, and counts one above it and does not send it', async () => {
    const { transport, handlers, address } = await open(udp({ maxPacketBytes: 10 }))
    transport.send(address, new Uint8Array(11))
    transport.send(address, new Uint8Array(10))
    await vi.waitFor(() => expect(handlers.packet).toHaveBeenCalledTimes(1))
    expect(handlers.packet.mock.calls[0]![1]).toHaveLength(10)
    await vi.waitFor(() => expect(transport.stats()).toMatchObject({ oversized: 1, packetsSent: 1 }))
  })

  it('drops and counts what exceeds the sends in flight, and sends again when they are through', async () => {
    const { transport, handlers, address } = await open(udp({ maxInFlight: 3 }))
    for (let i = 0; i < 5; i++) transport.send(address, Uint8Array.of(i))
    expect(transport.stats().overflows).toBe(2)
    await vi.waitFor(() => expect(handlers.packet).toHaveBeenCalledTimes(3))
    await vi.waitFor(() => expect(transport.stats().packetsSent).toBe(3))
    transport.send(address, Uint8Array.of(9))
    await vi.waitFor(() => expect(handlers.packet).toHaveBeenCalledTimes(4))
    expect(transport.stats()).toMatchObject({ overflows: 2, packetsReceived: 4, bytesReceived: 4 })
  })

  it('an error of the system is a counted fault, not fatal, and comes after send has returned', async () => {
    const { transport, handlers } = await open(udp(), { host: '::1', port: 0 })
    transport.send({ host: '127.0.0.1', port: 9 }, new Uint8Array(1)) // no way there from ::1
    expect(handlers.fault).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(handlers.fault).toHaveBeenCalledTimes(1))
    expect(handlers.fault).toHaveBeenCalledWith(expect.any(Error), false)
    expect(transport.stats()).toMatchObject({ sendErrors: 1, packetsSent: 0 })
  })

  it('dials nothing', async () => {
    await expect(udp().dial({ host: '::1', port: 9 }, new AbortController().signal)).rejects.toMatchObject({
      name: 'DialError',
      kind: 'unreachable',
      message: 'cannot dial [::1]:9: UDP carries no streams',
    })
  })

  it('is open at most once at a time', async () => {
    const { transport, address } = await open(udp())
    await expect(
      transport.open(LOOPBACK, { packet() {}, connection() {}, fault() {} }),
    ).rejects.toMatchObject({
      code: 'other',
    })
    expect(address.port).toBeGreaterThan(0)
  })

  it('an open that close overtakes is rejected and leaves no socket', async () => {
    const transport = udp()
    const opening = transport.open(LOOPBACK, { packet() {}, connection() {}, fault() {} })
    await transport.close()
    await expect(opening).rejects.toMatchObject({ name: 'BindError', code: 'other' })
    await open(transport) // may be tried again
  })

  it.each([
    ['localhost', 0],
    ['', 0],
    ['127.0.0.1', 65_536],
    ['127.0.0.1', -1],
    ['127.0.0.1', 1.5],
  ])('does not bind %s:%d', async (host, port) => {
    await expect(open(udp(), { host, port })).rejects.toMatchObject({ name: 'BindError', code: 'other' })
  })
})
