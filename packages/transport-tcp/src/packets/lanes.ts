import type { Address } from '@swimkit/core'
import { isReachable } from '../connect.ts'
import type { TcpCounters } from '../counters.ts'
import { type Connect, Lane, type LaneSettings } from './lane.ts'

export interface LanesSettings extends LaneSettings {
  readonly maxPacketBytes: number
  readonly maxPacketConnections: number
}

/** The lanes to all addresses that packets are sent to; when there are too many, the one not used for longest goes. */
export class Lanes {
  readonly #settings: LanesSettings
  readonly #counters: TcpCounters
  readonly #connect: Connect
  readonly #lanes = new Map<string, Lane>() // in the order of use, the latest last

  constructor(settings: LanesSettings, counters: TcpCounters, connect: Connect) {
    this.#settings = settings
    this.#counters = counters
    this.#connect = connect
  }

  send(to: Address, packet: Uint8Array): void {
    if (!isReachable(to)) this.#counters.badAddresses++
    else if (packet.byteLength > this.#settings.maxPacketBytes) this.#counters.oversized++
    else this.#lane(to).send(packet)
  }

  #lane(to: Address): Lane {
    const key = `${to.host} ${to.port}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      if (this.#lanes.size >= this.#settings.maxPacketConnections) this.#closeOldest()
      lane = new Lane(to, this.#settings, this.#counters, this.#connect)
    } else {
      this.#lanes.delete(key)
    }
    this.#lanes.set(key, lane)
    return lane
  }

  #closeOldest(): void {
    for (const [key, lane] of this.#lanes) {
      this.#lanes.delete(key)
      lane.close()
      return
    }
  }
}
