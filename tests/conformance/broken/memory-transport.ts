import {
  type Address,
  BindError,
  type Connection,
  DialError,
  type Transport,
  type TransportHandlers,
} from '@swimkit/core'
import { MemoryConnection } from './memory-connection.ts'

/** What is wrong with one. */
export type TransportFlaw =
  | 'cuts packets that are too large'
  | 'drops packets that are too large without counting'
  | 'drops the largest packet'
  | 'sends the whole buffer behind a view'
  | 'reuses its buffer while packets are under way'
  | 'delivers a packet again from the bytes that it handed out'
  | 'throws for an address that it cannot read'
  | 'throws after close'
  | 'delivers after close'
  | 'forgets everybody after a packet to nobody'
  | 'keeps its address after close'
  | 'takes an address that is taken'
  | 'refuses a taken address with a plain error'
  | 'rejects a second close'
  | 'is bound for ever when closed while it opens'
  | 'has a counter that is no number'
  | 'speaks another contract'
  | 'dials for ever where nobody is'
  | 'rejects a dial with a plain error'
  | 'calls everything refused'
  | 'dials in spite of an aborted signal'
  | 'rejects an aborted dial with its own error'
  | 'dials after close'
  | ConnectionFlaw

export type ConnectionFlaw =
  | 'takes any amount unread'
  | 'writes the whole buffer behind a view'
  | 'loses what was written before the end'
  | 'swaps chunks'
  | 'ends both ways at once'
  | 'leaves reads waiting when destroyed'
  | 'leaves connections open at close'
  | 'throws when ended twice'
  | 'takes writes after its end'
  | 'says nothing to who writes to nobody'
  | 'mixes connections'

const largest = 1_000

/** One machine's worth of addresses. */
export class Hub {
  readonly bound = new Map<number, MemoryTransport>()
  next = 40_000
  /** The last two ends that were written to, for the one that mixes them. */
  lately: readonly MemoryConnection[] = []
  /** The buffer of the one that reuses it. */
  readonly shared = new Uint8Array(2 * largest)
}

/** A transport within one process, packets and streams; right, unless it is given a flaw. */
export class MemoryTransport implements Transport {
  readonly kind = 'transport'
  readonly name = 'memory'
  readonly api: 1
  readonly maxPacketBytes = largest
  readonly streams = true
  readonly flaw: TransportFlaw | undefined
  readonly #hub: Hub
  readonly #connections = new Set<MemoryConnection>()
  readonly #counters = { sent: 0, received: 0, dropped: 0 }
  #handlers: TransportHandlers | undefined
  #port = 0
  #closes = 0
  #lost = false

  constructor(hub: Hub, flaw?: TransportFlaw) {
    this.#hub = hub
    this.flaw = flaw
    // What another contract would say: no 1.
    this.api = (flaw === 'speaks another contract' ? 2 : 1) as 1
  }

  async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
    const { bound } = this.#hub
    const closes = this.#closes
    await undefined
    const port = bind.port || this.#hub.next++
    const shares = this.flaw === 'takes an address that is taken'
    if (bound.has(port) && !shares) {
      throw this.flaw === 'refuses a taken address with a plain error'
        ? new Error('taken')
        : new BindError('in-use', `cannot bind port ${port}: it is taken`)
    }
    if (closes !== this.#closes) {
      if (this.flaw === 'is bound for ever when closed while it opens') bound.set(port, this)
      throw new BindError('other', 'cannot bind: closed meanwhile')
    }
    bound.set(port, this)
    this.#port = port
    this.#handlers = handlers
    this.#closes = 0
    return { host: bind.host, port }
  }

  send(to: Address, packet: Uint8Array): void {
    if (this.flaw === 'throws after close' && this.#closes > 0) throw new Error('closed')
    if (this.#handlers === undefined || this.#closes > 0) return
    if (!isAddress(to)) {
      if (this.flaw === 'throws for an address that it cannot read') throw new TypeError('a bad address')
      this.#counters.dropped++
      return
    }
    let bytes = packet
    if (this.flaw === 'sends the whole buffer behind a view') bytes = new Uint8Array(packet.buffer)
    if (bytes.length > largest - (this.flaw === 'drops the largest packet' ? 1 : 0)) {
      if (this.flaw !== 'drops packets that are too large without counting') this.#counters.dropped++
      if (this.flaw !== 'cuts packets that are too large') return
      bytes = bytes.subarray(0, largest)
    }
    if (this.flaw === 'reuses its buffer while packets are under way') {
      this.#hub.shared.set(bytes)
      bytes = this.#hub.shared.subarray(0, bytes.length)
    }
    const target = this.#hub.bound.get(to.port)
    if (target === undefined && this.flaw === 'forgets everybody after a packet to nobody') this.#lost = true
    if (target === undefined || this.#lost) return
    this.#counters.sent++
    const from = { host: to.host, port: this.#port }
    setImmediate(() => target.arrive(from, bytes))
  }

  arrive(from: Address, bytes: Uint8Array): void {
    if (this.#handlers === undefined) return
    this.#counters.received++
    this.#handlers.packet(from, bytes)
    if (this.flaw === 'delivers a packet again from the bytes that it handed out' && bytes.length > 1) {
      this.#handlers.packet(from, bytes)
    }
  }

  async dial(to: Address, signal: AbortSignal): Promise<Connection> {
    if (signal.aborted && this.flaw !== 'dials in spite of an aborted signal') {
      throw this.flaw === 'rejects an aborted dial with its own error' ? new Error('aborted') : signal.reason
    }
    if ((this.#handlers === undefined || this.#closes > 0) && this.flaw !== 'dials after close') {
      throw new DialError('unreachable', 'not open')
    }
    if (!isAddress(to)) {
      throw new DialError(
        this.flaw === 'calls everything refused' ? 'refused' : 'unreachable',
        'a bad address',
      )
    }
    const target = this.#hub.bound.get(to.port)
    if (target === undefined) {
      if (this.flaw === 'dials for ever where nobody is') return new Promise(() => undefined)
      throw this.flaw === 'rejects a dial with a plain error'
        ? new Error('nobody')
        : new DialError('refused', `nobody listens on port ${to.port}`)
    }
    const [near, far] = MemoryConnection.pair(to, { host: to.host, port: this.#port }, this.#hub, this.flaw)
    this.#connections.add(near)
    target.#connections.add(far)
    setImmediate(() => target.#handlers?.connection(far))
    return near
  }

  stats() {
    if (this.flaw === 'has a counter that is no number') return { ...this.#counters, rate: 0 / 0 }
    return { ...this.#counters }
  }

  async close(): Promise<void> {
    if (this.flaw === 'rejects a second close' && this.#closes > 0) throw new Error('closed already')
    this.#closes++
    if (this.flaw !== 'delivers after close') this.#handlers = undefined
    if (this.flaw !== 'leaves connections open at close') {
      for (const connection of this.#connections) connection.destroy()
    }
    this.#connections.clear()
    const { bound } = this.#hub
    const keeps = this.flaw === 'keeps its address after close'
    if (bound.get(this.#port) === this && !keeps) bound.delete(this.#port)
  }
}

const isAddress = ({ host, port }: Address): boolean =>
  host === '127.0.0.1' && Number.isInteger(port) && port > 0 && port < 65_536
