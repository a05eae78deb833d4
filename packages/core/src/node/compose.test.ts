import { describe, expect, it } from 'vitest'
import type { Address } from '../model/address.ts'
import { compose } from './compose.ts'
import { BindError, type Connection, type Transport, type TransportHandlers } from './transport.ts'

/** A network of one machine: which transport of which sort holds which port. */
class Ports {
  readonly #taken = new Set<string>()
  #next = 40_000

  take(sort: string, port: number): number {
    const chosen = port === 0 ? this.#next++ : port
    if (this.#taken.has(`${sort} ${chosen}`))
      throw new BindError('in-use', `cannot bind ${sort} ${chosen}: in use`)
    this.#taken.add(`${sort} ${chosen}`)
    return chosen
  }

  free(sort: string, port: number): void {
    this.#taken.delete(`${sort} ${port}`)
  }

  get taken(): string[] {
    return [...this.#taken]
  }
}

class Fake implements Transport {
  readonly kind = 'transport'
  readonly api = 1
  readonly name: string
  readonly maxPacketBytes: number
  readonly streams: boolean
  readonly opens: Address[] = []
  readonly sent: Address[] = []
  readonly dialled: Address[] = []
  handlers: TransportHandlers | undefined
  readonly #ports: Ports
  #port: number | undefined

  constructor(name: string, ports: Ports, carries: { maxPacketBytes?: number; streams?: boolean }) {
    this.name = name
    this.#ports = ports
    this.maxPacketBytes = carries.maxPacketBytes ?? 0
    this.streams = carries.streams ?? false
  }

  async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
    this.opens.push(bind)
    this.#port = this.#ports.take(this.name, bind.port)
    this.handlers = handlers
    return { host: bind.host, port: this.#port }
  }

  send(to: Address): void {
    this.sent.push(to)
  }

  async dial(to: Address): Promise<Connection> {
    this.dialled.push(to)
    throw new Error('a fake has no connections')
  }

  stats() {
    return { sent: this.sent.length }
  }

  async close(): Promise<void> {
    if (this.#port !== undefined) this.#ports.free(this.name, this.#port)
    this.#port = undefined
  }
}

const ANY = { host: '127.0.0.1', port: 0 }
const FIXED = { host: '127.0.0.1', port: 7946 }
const PEER = { host: '127.0.0.1', port: 1 }
const IGNORE: TransportHandlers = { packet() {}, connection() {}, fault() {} }

function setup() {
  const ports = new Ports()
  const packets = new Fake('udp', ports, { maxPacketBytes: 1400 })
  const streams = new Fake('tcp', ports, { streams: true })
  return { ports, packets, streams, both: compose({ packets, streams }) }
}

describe('compose', () => {
  it('has the name, the packet size and the streams of its parts', () => {
    const { both, packets, streams } = setup()
    expect(both).toMatchObject({
      kind: 'transport',
      api: 1,
      name: 'udp+tcp',
      maxPacketBytes: 1400,
      streams: true,
    })
    expect(compose({ packets, streams, name: 'lan' }).name).toBe('lan')
  })

  it('refuses packets of a transport that carries none, and streams likewise', () => {
    const { packets, streams } = setup()
    expect(() => compose({ packets: streams, streams })).toThrow(
      new TypeError('cannot compose: "tcp" was given for packets, and carries none'),
    )
    expect(() => compose({ packets, streams: packets })).toThrow(
      new TypeError('cannot compose: "udp" was given for streams, and carries none'),
    )
  })

  it('binds packets to the port that the streams were given', async () => {
    const { both, ports, packets } = setup()
    expect(await both.open(ANY, IGNORE)).toEqual({ host: '127.0.0.1', port: 40_000 })
    expect(packets.opens).toEqual([{ host: '127.0.0.1', port: 40_000 }])
    expect(ports.taken).toEqual(['tcp 40000', 'udp 40000'])
  })

  it('tries other ports while the one given to the streams is taken for packets', async () => {
    const { both, ports } = setup()
    for (let port = 40_000; port < 40_016; port++) ports.take('udp', port)
    expect(await both.open(ANY, IGNORE)).toEqual({ host: '127.0.0.1', port: 40_016 })
    expect(ports.taken.filter((held) => held.startsWith('tcp'))).toEqual(['tcp 40016'])
  })

  it('gives up after 16 further ports and leaves nothing open', async () => {
    const { both, ports, streams } = setup()
    for (let port = 40_000; port < 40_020; port++) ports.take('udp', port)
    await expect(both.open(ANY, IGNORE)).rejects.toMatchObject({ name: 'BindError', code: 'in-use' })
    expect(streams.opens).toHaveLength(17)
    expect(ports.taken.filter((held) => held.startsWith('tcp'))).toEqual([])
  })

  it.each(['udp', 'tcp'])(
    'a fixed port whose %s side is taken is tried once, and nothing is left open',
    async (sort) => {
      const { both, ports, streams } = setup()
      ports.take(sort, FIXED.port)
      await expect(both.open(FIXED, IGNORE)).rejects.toMatchObject({ name: 'BindError', code: 'in-use' })
      expect(streams.opens).toHaveLength(1)
      expect(ports.taken).toEqual([`${sort} 7946`])
    },
  )

  it('does not try again when the failure has another reason', async () => {
    const { both, packets, ports, streams } = setup()
    packets.open = () => Promise.reject(new BindError('permission', 'cannot bind'))
    await expect(both.open(ANY, IGNORE)).rejects.toMatchObject({ code: 'permission' })
    expect(streams.opens).toHaveLength(1)
    expect(ports.taken).toEqual([])
  })

  it('an open that close overtakes is rejected and leaves nothing open', async () => {
    const { both, ports } = setup()
    const opening = both.open(ANY, IGNORE)
    await both.close()
    await expect(opening).rejects.toMatchObject({ name: 'BindError', code: 'other' })
    expect(ports.taken).toEqual([])
  })

  it('sends over the one, dials over the other, and hears both', async () => {
    const { both, packets, streams } = setup()
    await both.open(ANY, IGNORE)
    both.send(PEER, new Uint8Array(1))
    await expect(both.dial(PEER, new AbortController().signal)).rejects.toThrow('a fake has no connections')
    expect([packets.sent, packets.dialled]).toEqual([[PEER], []])
    expect([streams.sent, streams.dialled]).toEqual([[], [PEER]])
    expect([packets.handlers, streams.handlers]).toEqual([IGNORE, IGNORE])
    expect(both.stats()).toEqual({ 'packets.sent': 1, 'streams.sent': 0 })
  })

  it('closes both, and again without harm', async () => {
    const { both, ports } = setup()
    await both.open(ANY, IGNORE)
    await both.close()
    await both.close()
    expect(ports.taken).toEqual([])
  })
})
