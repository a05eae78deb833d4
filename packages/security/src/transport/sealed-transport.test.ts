import {
  type Address,
  type Connection,
  DialError,
  type Transport,
  type TransportHandlers,
} from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { aesGcm, type SealingModes } from '../aes-gcm.ts'
import { Keyring } from '../keyring.ts'
import { sealedTransport } from './sealed-transport.ts'

/** What goes over one direction of a connection, as a test may look at and change it. */
class Wire {
  readonly written: Uint8Array[] = []
  readonly #waiting: ((chunk: Uint8Array | undefined) => void)[] = []
  #queue: (Uint8Array | undefined)[] = []
  change: (chunk: Uint8Array) => Uint8Array[] = (chunk) => [chunk]

  put(chunk: Uint8Array | undefined): void {
    if (chunk !== undefined) this.written.push(chunk)
    for (const each of chunk === undefined ? [undefined] : this.change(chunk)) {
      const next = this.#waiting.shift()
      if (next === undefined) this.#queue.push(each)
      else next(each)
    }
  }
  take(): Promise<Uint8Array | undefined> {
    if (this.#queue.length > 0) return Promise.resolve(this.#queue.shift())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

class End implements Connection {
  readonly remote = { host: '10.0.0.1', port: 1 }
  destroyed = false
  readonly #in: Wire
  readonly #out: Wire
  constructor(input: Wire, output: Wire) {
    this.#in = input
    this.#out = output
  }
  read(): Promise<Uint8Array | undefined> {
    return this.#in.take()
  }
  async write(chunk: Uint8Array): Promise<void> {
    this.#out.put(chunk)
  }
  settle(): void {}
  end(): void {
    this.#out.put(undefined)
  }
  destroy(): void {
    this.destroyed = true
  }
}

/** Transports by address, on no network. */
class Net {
  readonly #open = new Map<number, TransportHandlers>()
  /** Of what was dialled, there and back. */
  readonly there: Wire[] = []
  readonly back: Wire[] = []
  readonly packets: Uint8Array[] = []
  change: (chunk: Uint8Array) => Uint8Array[] = (chunk) => [chunk]

  transport(): Transport {
    let own: Address = { host: '10.0.0.1', port: 0 }
    return {
      kind: 'transport',
      name: 'net',
      api: 1,
      maxPacketBytes: 1_000,
      streams: true,
      open: async (bind, handlers) => {
        own = bind
        this.#open.set(bind.port, handlers)
        return bind
      },
      send: (to, packet) => {
        this.packets.push(packet)
        this.#open.get(to.port)?.packet(own, packet)
      },
      dial: async (to) => {
        const [there, back] = [new Wire(), new Wire()]
        there.change = (chunk) => this.change(chunk)
        this.there.push(there)
        this.back.push(back)
        this.#open.get(to.port)!.connection(new End(there, back))
        return new End(back, there)
      },
      stats: () => ({ sent: this.packets.length }),
      close: async () => undefined,
    }
  }
}

const key = (fill: number) => new Uint8Array(32).fill(fill)
interface Station {
  readonly transport: Transport
  readonly got: string[]
  readonly connections: Connection[]
  readonly sealer: ReturnType<typeof aesGcm>
}
async function station(
  net: Net,
  port: number,
  { cluster = 'x', fill = 1, ...modes }: SealingModes & { cluster?: string; fill?: number } = {},
): Promise<Station> {
  const got: string[] = []
  const connections: Connection[] = []
  const sealer = aesGcm(new Keyring([key(fill)]), modes)
  const transport = sealedTransport(net.transport(), { sealer, cluster })
  await transport.open(
    { host: '10.0.0.1', port },
    {
      packet: (_, bytes) => void got.push(text(bytes)),
      connection: (connection) => void connections.push(connection),
      fault: () => undefined,
    },
  )
  return { transport, got, connections, sealer }
}
const bytes = (said: string): Uint8Array => new TextEncoder().encode(said)
const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk)
const at = (port: number): Address => ({ host: '10.0.0.1', port })
const never = new AbortController().signal
async function all(connection: Connection): Promise<string> {
  let said = ''
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read())
    said += text(chunk)
  return said
}

describe('packets of a sealed transport', () => {
  test('arrive, and show nothing of what they are', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    a.transport.send(at(2), bytes('attack at dawn'))
    expect(b.got).toEqual(['attack at dawn'])
    expect(text(net.packets[0]!)).not.toContain('attack')
    expect(net.packets[0]!.length).toBe(14 + 1_000 - a.transport.maxPacketBytes)
    expect([a.transport.name, a.transport.streams, a.transport.stats().sent]).toEqual(['sealed-net', true, 1])
  })

  test.each([
    ['of another key', { fill: 2 }, 'refusedSealed'],
    ['of another cluster', { cluster: 'y' }, 'refusedCluster'],
    ['of a cluster whose label begins as ours', { cluster: 'xx' }, 'refusedCluster'],
    ['that are plain', { verifyOutgoing: false, verifyIncoming: false }, 'refusedPlain'],
  ])('%s are refused, and counted', async (_, other, counter) => {
    const net = new Net()
    const [a, b] = [await station(net, 1, other), await station(net, 2)]
    a.transport.send(at(2), bytes('said'))
    expect([b.got, b.transport.stats()[counter]]).toEqual([[], 1])
  })

  test('are refused with any bit of them changed', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const outside = net.transport()
    a.transport.send(at(2), bytes('said'))
    const [packet] = net.packets
    for (let i = 0; i < packet!.length; i++) {
      const changed = packet!.slice()
      changed[i]! ^= 1 << (i % 8)
      outside.send(at(2), changed)
      outside.send(at(2), packet!.subarray(0, i))
    }
    expect(b.got).toEqual(['said'])
  })

  test('of a sealer on its way are plain, and taken in by one on its way', async () => {
    const net = new Net()
    const open = { verifyOutgoing: false, verifyIncoming: false }
    const [a, b] = [await station(net, 1, open), await station(net, 2, open)]
    a.transport.send(at(2), bytes('plain'))
    a.sealer.verifyOutgoing = true
    a.transport.send(at(2), bytes('sealed'))
    b.sealer.verifyIncoming = true
    a.transport.send(at(2), bytes('sealed too'))
    expect(b.got).toEqual(['plain', 'sealed', 'sealed too'])
    expect(text(net.packets[0]!)).toBe('plain')
  })
})

describe('streams of a sealed transport', () => {
  const dialled = async (from: Station, to: Station, port: number) => {
    const near = await from.transport.dial(at(port), never)
    return { near, far: to.connections.at(-1)! }
  }

  test('carry chunks of any size both ways, cut anywhere, and show nothing of them', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    // A few bytes at a time.
    net.change = (chunk) =>
      Array.from({ length: Math.ceil(chunk.length / 7) }, (_, i) => chunk.subarray(7 * i, 7 * i + 7))
    const { far, near } = await dialled(a, b, 2)
    const long = 'attack at dawn '.repeat(9_000)
    await near.write(bytes('attack at dawn'))
    await near.write(bytes(long))
    near.end()
    expect(await all(far)).toBe(`attack at dawn${long}`)
    await far.write(bytes('understood'))
    far.end()
    expect(await all(near)).toBe('understood')
    expect(await near.read()).toBeUndefined()
    for (const wire of [...net.there, ...net.back])
      expect(wire.written.map(text).join()).not.toMatch(/attack|understood/)
    await expect(near.write(bytes('more'))).rejects.toThrow(DialError)
  })

  test('that are changed, cut, reordered or repeated on their way give nothing from there on', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const sent = ['one', 'two', 'three']
    /** What arrives of three records when the chunks are changed so; the first is the header, the last says that it is the end. */
    const arriving = async (
      change: (chunks: readonly Uint8Array[]) => readonly Uint8Array[],
    ): Promise<string> => {
      const { near } = await dialled(a, b, 2)
      for (const each of sent) await near.write(bytes(each))
      near.end()
      await Promise.resolve()
      const chunks = net.there.at(-1)!.written
      expect(chunks).toHaveLength(5)
      const outside = await net.transport().dial(at(2), never)
      for (const chunk of change(chunks)) await outside.write(chunk)
      outside.end()
      const far = b.connections.at(-1)!
      let said = ''
      try {
        for (let chunk = await far.read(); chunk !== undefined; chunk = await far.read())
          said += `${text(chunk)} `
        return `${said}end`
      } catch (error) {
        return `${said}${(error as DialError).kind}`
      }
    }
    const flipped = (chunk: Uint8Array, i: number): Uint8Array => {
      const changed = chunk.slice()
      changed[i]! ^= 1
      return changed
    }
    expect(await arriving((chunks) => chunks)).toBe('one two three end')
    expect(await arriving((chunks) => chunks.slice(0, 4))).toBe('one two three reset')
    expect(await arriving((chunks) => chunks.slice(0, 3))).toBe('one two reset')
    expect(await arriving((chunks) => [...chunks.slice(0, 3), chunks[3]!.subarray(0, 9)])).toBe(
      'one two reset',
    )
    expect(await arriving(([h, x, y, z, e]) => [h!, y!, x!, z!, e!])).toBe('reset')
    expect(await arriving(([h, x, y, z, e]) => [h!, x!, x!, y!, z!, e!])).toBe('one reset')
    expect(await arriving(([h, x, y, , e]) => [h!, x!, y!, e!])).toBe('one two reset')
    // What comes after the end is not looked at.
    expect(await arriving(([h, x, y, z, e]) => [h!, x!, y!, z!, e!, e!, x!])).toBe('one two three end')
    for (let i = 0; i < 39; i++) {
      expect(await arriving(([h, x, ...rest]) => [h!, flipped(x!, i), ...rest]), `byte ${i}`).toBe('reset')
    }
    for (let i = 0; i < 28; i++) {
      expect(await arriving(([h, ...rest]) => [flipped(h!, i), ...rest]), `byte ${i} of the header`).toBe(
        'reset',
      )
    }
    expect(b.transport.stats().refusedStreams).toBe(6 + 39 + 28)
  })

  test('take no answer that was given on another stream', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const first = await dialled(a, b, 2)
    await first.near.write(bytes('is it so?'))
    expect(text((await first.far.read())!)).toBe('is it so?')
    await first.far.write(bytes('yes'))
    const [answer] = net.back[0]!.written
    const second = await dialled(a, b, 2)
    await second.near.write(bytes('is it so?'))
    net.back[1]!.put(answer!)
    await expect(second.near.read()).rejects.toThrow('the stream was refused')
  })

  test('of who has no key, another key or another cluster are reset, whoever dials', async () => {
    const net = new Net()
    const b = await station(net, 2)
    for (const [other, modes] of [
      [1, { fill: 2 }],
      [3, { cluster: 'y' }],
      [4, { verifyOutgoing: false, verifyIncoming: false }],
    ] as const) {
      const a = await station(net, other, modes)
      const { far, near } = await dialled(a, b, 2)
      await near.write(bytes('let me in, as I am one of you'))
      await expect(far.read()).rejects.toMatchObject({ kind: 'reset' })
      const back = await dialled(b, a, other)
      await back.near.write(bytes('x'))
      if (other === 4) continue
      await expect(back.far.read()).rejects.toMatchObject({ kind: 'reset' })
    }
  })

  test('of a sealer on its way are plain, and answered plain by one on its way', async () => {
    const net = new Net()
    const open = { verifyOutgoing: false, verifyIncoming: false }
    const [a, b] = [await station(net, 1, open), await station(net, 2, open)]
    const { far, near } = await dialled(a, b, 2)
    await near.write(bytes('plain'))
    expect(text((await far.read())!)).toBe('plain')
    await far.write(bytes('so be it'))
    far.end()
    expect(await all(near)).toBe('so be it')
    a.sealer.verifyOutgoing = true
    const sealed = await dialled(a, b, 2)
    await sealed.near.write(bytes('sealed'))
    expect(text((await sealed.far.read())!)).toBe('sealed')
    await sealed.far.write(bytes('as you like'))
    sealed.far.end()
    expect(await all(sealed.near)).toBe('as you like')
    expect(net.back[1]!.written.map(text).join()).not.toContain('as you like')
  })

  test('that end before anything was said are reset, at either end, and nothing is answered in plain', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const outside = await net.transport().dial(at(2), never)
    outside.end()
    const listening = b.connections.at(-1)!
    await expect(listening.read()).rejects.toMatchObject({ kind: 'reset' })
    await expect(listening.write(bytes('an answer'))).rejects.toMatchObject({ kind: 'reset' })
    expect(net.back.flatMap(({ written }) => written)).toEqual([])
    // Nobody was refused: who looks whether a port is open says as little.
    expect(b.transport.stats()).toMatchObject({ refusedStreams: 0 })

    const near = await a.transport.dial(at(2), never)
    await near.write(bytes('a question'))
    net.back.at(-1)!.put(undefined)
    await expect(near.read()).rejects.toMatchObject({ kind: 'reset' })
  })

  test('end behind what is written, also where that waits for who the other end is', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const { far, near } = await dialled(a, b, 2)
    const written = Promise.all([far.write(bytes('first ')), far.write(bytes('last'))])
    far.end()
    await expect(far.write(bytes('more'))).rejects.toThrow(DialError)
    expect(await all(near)).toBe('first last')
    await written
  })

  test('announce no record that is larger than one may be', async () => {
    const net = new Net()
    const [a, b] = [await station(net, 1), await station(net, 2)]
    const { near } = await dialled(a, b, 2)
    await near.write(bytes('x'))
    const outside = await net.transport().dial(at(2), never)
    await outside.write(net.there[0]!.written[0]!)
    await outside.write(Uint8Array.of(0, 1, 0, 33))
    await expect(b.connections.at(-1)!.read()).rejects.toThrow('a record of 65569 bytes')
  })
})

test('a label of more than 255 bytes is a RangeError', () => {
  const sealer = aesGcm(new Keyring([key(1)]))
  expect(() => sealedTransport(new Net().transport(), { sealer, cluster: 'x'.repeat(256) })).toThrow(
    RangeError,
  )
})
