import {
  type Address,
  type Connection,
  DialError,
  type Transport,
  type TransportHandlers,
} from '@swimkit/core'
import { type Clause, check } from '../case/check.ts'
import { same } from '../case/difference.ts'
import { pause, type Scope } from '../case/scope.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'

/** An open transport as a node holds it: the handlers, and ways to wait for what they hear. */
export class Station implements TransportHandlers {
  readonly transport: Transport
  readonly packets: { readonly from: Address; readonly bytes: Uint8Array }[] = []
  readonly connections: Connection[] = []
  readonly faults: { readonly error: Error; readonly fatal: boolean }[] = []
  /** Where it is bound. */
  address: Address
  /** Done to the bytes of a packet before the handler returns. */
  spoil: (bytes: Uint8Array) => void = () => undefined
  readonly #scope: Scope
  readonly #lossy: boolean
  readonly #watchers = new Set<() => void>()
  #closed = false

  private constructor(transport: Transport, at: Address, scope: Scope, lossy: boolean) {
    this.transport = transport
    this.address = at
    this.#scope = scope
    this.#lossy = lossy
  }

  /** Opens a transport, to be closed with its case. */
  static async open(
    scope: Scope,
    setup: Setup,
    { at = setup.bind(), transport = setup.make() }: { at?: Address; transport?: Transport } = {},
  ): Promise<Station> {
    const station = new Station(transport, at, scope, setup.lossy)
    scope.onEnd(
      () => (station.#closed ? Promise.resolve() : transport.close()),
      'a transport',
      contract.close,
    )
    station.address = await scope.wait(
      transport.open(at, station),
      `opening a transport at ${show(at)}`,
      contract.bind,
    )
    return station
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#scope.wait(this.transport.close(), 'close', contract.close)
  }

  /** Two that are open. */
  static async pair(scope: Scope, setup: Setup): Promise<[Station, Station]> {
    return [await Station.open(scope, setup), await Station.open(scope, setup)]
  }

  packet(from: Address, bytes: Uint8Array): void {
    this.packets.push({ from, bytes: Uint8Array.from(bytes) })
    this.spoil(bytes)
    this.#look()
  }

  connection(connection: Connection): void {
    this.connections.push(connection)
    this.#look()
  }

  fault(error: Error, fatal: boolean): void {
    this.faults.push({ error, fatal })
    this.#look()
  }

  /** Sends bytes, and again where packets may be lost, until the other has heard them. */
  async tell(to: Station, bytes: Uint8Array, what = 'a packet'): Promise<void> {
    // A copy for each: the bytes are the transport's own from then on.
    this.transport.send(to.address, bytes.slice())
    if (this.#lossy) {
      while (!to.hasHeard(bytes)) {
        await this.#scope.wait(pause(10), what, contract.received)
        this.transport.send(to.address, bytes.slice())
      }
    }
    await to.heard(() => to.hasHeard(bytes), what)
  }

  hasHeard(bytes: Uint8Array): boolean {
    return this.packets.some((packet) => same(packet.bytes, bytes))
  }

  heard(holds: () => boolean, what: string): Promise<void> {
    return this.#until(holds, what, contract.received)
  }

  dial(to: Address, signal: AbortSignal = new AbortController().signal): Promise<Connection> {
    return this.#scope.wait(this.transport.dial(to, signal), `a dial to ${show(to)}`, contract.dial)
  }

  /** The n-th connection that came in. */
  async accepted(n = 1): Promise<Connection> {
    await this.#until(
      () => this.connections.length >= n,
      `connection ${n} at the other end`,
      contract.connection,
    )
    return this.connections[n - 1]!
  }

  /** Nothing has gone wrong so far that would have ended it. */
  checkWell(): void {
    const fatal = this.faults.find((fault) => fault.fatal)
    check(fatal === undefined, contract.fault, () => `it reported a fatal fault: ${show(fatal?.error)}`)
  }

  async #until(holds: () => boolean, what: string, clause: Clause): Promise<void> {
    if (holds()) return
    let watcher!: () => void
    const met = new Promise<void>((resolve) => {
      watcher = () => {
        if (holds()) resolve()
      }
    })
    this.#watchers.add(watcher)
    try {
      await this.#scope.wait(met, what, clause)
    } finally {
      this.#watchers.delete(watcher)
    }
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

/** Where a transport was, and is no more. */
export async function deserted(scope: Scope, setup: Setup): Promise<Address> {
  const station = await Station.open(scope, setup)
  await station.close()
  return station.address
}

/** An error that the node knows how to read: one of the core's own class. */
export function checkDialError(error: unknown, clause: Clause, what: string): asserts error is DialError {
  check(
    error instanceof DialError,
    clause,
    () => `${what} was rejected with ${show(error)}, which is no DialError`,
  )
}
