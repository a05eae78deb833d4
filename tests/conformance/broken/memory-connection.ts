import { type Address, type Connection, DialError } from '@swimkit/core'
import type { Hub, TransportFlaw } from './memory-transport.ts'

/** Bytes that one may write and the other has not read. */
const room = 65_536

/** One end of a stream within a process; right, unless it is given a flaw. */
export class MemoryConnection implements Connection {
  readonly remote: Address
  readonly #hub: Hub
  readonly #flaw: TransportFlaw | undefined
  #other!: MemoryConnection
  #chunks: Uint8Array[] = []
  #unread = 0
  /** The chunk that is put behind the next one, by the one that swaps them. */
  #first: Uint8Array | undefined
  #ended = false
  #destroyed = false
  readonly #waiting = new Set<() => void>()

  constructor(remote: Address, hub: Hub, flaw: TransportFlaw | undefined) {
    this.remote = remote
    this.#hub = hub
    this.#flaw = flaw
  }

  static pair(
    to: Address,
    from: Address,
    hub: Hub,
    flaw: TransportFlaw | undefined,
  ): [near: MemoryConnection, far: MemoryConnection] {
    const [near, far] = [new MemoryConnection(to, hub, flaw), new MemoryConnection(from, hub, flaw)]
    near.#other = far
    far.#other = near
    return [near, far]
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#destroyed) throw new DialError('reset', 'destroyed')
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#unread -= chunk.length
        this.#other.#wake()
        return chunk
      }
      if (this.#other.#ended) return undefined
      if (this.#other.#destroyed) throw new DialError('reset', 'gone')
      await this.#turn()
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    const flaw = this.#flaw
    if (flaw === 'says nothing to who writes to nobody' && this.#other.#destroyed) return
    if (this.#ended && flaw === 'takes writes after its end') return
    if (this.#ended || this.#destroyed || this.#other.#destroyed) throw new DialError('reset', 'over')
    const bytes = flaw === 'writes the whole buffer behind a view' ? new Uint8Array(chunk.buffer) : chunk
    this.#other.#take(bytes)
    while (this.#other.#unread > room && flaw !== 'takes any amount unread') {
      if (this.#destroyed || this.#other.#destroyed) throw new DialError('reset', 'over')
      await this.#turn()
    }
  }

  settle(): void {}

  end(): void {
    if (this.#ended && this.#flaw === 'throws when ended twice') throw new Error('ended already')
    this.#ended = true
    if (this.#flaw === 'ends both ways at once') this.#other.#ended = true
    if (this.#flaw === 'loses what was written before the end') this.#other.#chunks = []
    if (this.#other.#first !== undefined) this.#other.#chunks.push(this.#other.#first)
    this.#other.#wake()
    this.#wake()
  }

  destroy(): void {
    this.#destroyed = true
    if (this.#flaw === 'leaves reads waiting when destroyed') return
    this.#other.#wake()
    this.#wake()
  }

  #take(chunk: Uint8Array): void {
    this.#unread += chunk.length
    if (this.#flaw === 'swaps chunks') {
      const first = this.#first
      this.#first = first === undefined && chunk.length === 9_973 ? chunk : undefined
      if (this.#first === undefined) this.#chunks.push(chunk)
      if (first !== undefined) this.#chunks.push(first)
    } else if (this.#flaw === 'mixes connections' && chunk.length === 1_000) {
      this.#hub.lately = [...this.#hub.lately, this].slice(-2)
      this.#hub.lately[0]!.#chunks.push(chunk)
      this.#hub.lately[0]!.#wake()
    } else this.#chunks.push(chunk)
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }
}
