import type { Address } from '../../model/address.ts'
import {
  BindError,
  type Connection,
  DialError,
  type Transport,
  type TransportHandlers,
} from '../transport.ts'
import type { World } from './world.ts'

export class FakeTransport implements Transport {
  readonly kind = 'transport'
  readonly name = 'fake'
  readonly api = 1
  readonly maxPacketBytes = 1_400
  readonly streams = true
  readonly sent: { readonly to: Address; readonly packet: Uint8Array }[] = []
  handlers!: TransportHandlers
  bound: Address | undefined
  closes = 0
  /** Holds `open` up until a test lets it go on. */
  gate: Promise<void> | undefined
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
    await this.gate
    let { port } = bind
    while (port === 0 || (bind.port === 0 && this.#world.ports.has(port)))
      port = port === 0 ? 40_000 : port + 1
    if (this.#world.ports.has(port)) throw new BindError('in-use', `cannot bind port ${port}: in use`)
    this.handlers = handlers
    this.#world.ports.set(port, this)
    this.bound = { host: bind.host, port }
    return this.bound
  }

  send(to: Address, packet: Uint8Array): void {
    const from = { host: '10.0.0.1', port: this.bound!.port }
    this.sent.push({ to, packet: packet.slice() })
    if (!this.#world.passes(from, to)) return
    this.#world.schedule(this.#world.now + 1, () => this.#world.ports.get(to.port)?.arrive(from, packet))
  }

  arrive(from: Address, packet: Uint8Array): void {
    // A socket reads the next packet into the same buffer.
    const buffer = packet.slice()
    this.handlers.packet(from, buffer)
    buffer.fill(0xff)
  }

  dial(to: Address, signal: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const target = this.#world.ports.get(to.port)
      if (this.#world.silent.has(to.port)) {
        signal.addEventListener('abort', () => reject(signal.reason))
        return
      }
      if (target === undefined) {
        reject(new DialError('refused', 'nobody listens'))
        return
      }
      const [near, far] = ends(to, this.bound!)
      target.handlers.connection(far)
      resolve(near)
    })
  }

  stats() {
    return { sent: this.sent.length }
  }

  async close(): Promise<void> {
    this.closes++
    if (this.bound !== undefined && this.#world.ports.get(this.bound.port) === this) {
      this.#world.ports.delete(this.bound.port)
    }
  }
}

class End implements Connection {
  readonly remote: Address
  other!: End
  state: 'open' | 'ended' | 'destroyed' = 'open'
  readonly #chunks: (Uint8Array | undefined)[] = []
  #wake: (() => void) | undefined

  constructor(remote: Address) {
    this.remote = remote
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.state === 'destroyed' || this.other.state === 'destroyed')
        throw new DialError('reset', 'reset')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#chunks.shift()
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.state !== 'open' || this.other.state === 'destroyed') throw new DialError('reset', 'reset')
    this.other.#take(chunk.slice())
  }

  settle(): void {}

  end(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    this.other.#take(undefined)
  }

  destroy(): void {
    this.state = 'destroyed'
    this.#wake?.()
    this.other.#wake?.()
  }

  #take(chunk: Uint8Array | undefined): void {
    this.#chunks.push(chunk)
    this.#wake?.()
  }
}

export function ends(one: Address, other: Address): [End, End] {
  const [near, far] = [new End(one), new End(other)]
  near.other = far
  far.other = near
  return [near, far]
}
