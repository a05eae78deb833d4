import type { LanSocketHandlers, OpenLanSockets } from '../lan/lan-sockets.ts'
import type { VirtualTime } from './virtual-time.ts'

interface Station {
  readonly host: string
  readonly shared: number
  readonly own: number
  readonly handlers: LanSocketHandlers
}

/** One network in memory, 10.0.0.0/24: packets take a millisecond. */
export class FakeNetwork {
  /** Every packet that was sent: from, to and the bytes. */
  readonly sent: { readonly from: string; readonly to: string; readonly bytes: Uint8Array }[] = []
  /** Whether a packet gets through, by sender and receiver. */
  passes: (from: string, to: string) => boolean = () => true
  /** What a send fails with. */
  refusal: Error | undefined
  readonly #time: VirtualTime
  readonly #stations = new Set<Station>()
  #nextPort = 40_000

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get open(): number {
    return this.#stations.size
  }

  /** Opens the sockets of a process at an address of this network. */
  at(host: string): OpenLanSockets {
    return async (shared, handlers) => {
      const own = this.#nextPort++
      const station = { host, shared, own, handlers }
      this.#stations.add(station)
      return {
        send: (bytes, to, done) => {
          if (this.refusal === undefined) this.inject(bytes, { host, port: own }, to)
          done(this.refusal)
        },
        close: async () => {
          this.#stations.delete(station)
        },
      }
    }
  }

  /** Lets a packet arrive that anybody may have sent. */
  inject(bytes: Uint8Array, from: { host: string; port: number }, to: { host: string; port: number }): void {
    this.sent.push({ from: from.host, to: to.host, bytes })
    this.#time.wake(this.#time.now + 1, () => {
      for (const { handlers, host, own, shared } of this.#stations) {
        const all = to.host === '10.0.0.255' || to.host === '255.255.255.255'
        if ((!all && to.host !== host) || !this.passes(from.host, host)) continue
        if (to.port === shared) handlers.packet(bytes, from, 'shared')
        else if (to.port === own) handlers.packet(bytes, from, 'own')
      }
    })
  }
}
