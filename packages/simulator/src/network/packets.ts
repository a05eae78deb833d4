import type { Address, Millis, Random } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Conditions } from './conditions.ts'
import { LinkDraw } from './draw.ts'
import type { Endpoint, Hosts } from './hosts.ts'
import { drawLatency } from './latency.ts'
import type { LinkRules } from './rules.ts'
import type { Traffic } from './traffic.ts'

export interface PacketArrival {
  readonly kind: 'packet'
  readonly from: SimNode
  readonly to: Endpoint
  readonly bytes: Uint8Array
}

/** What becomes of packets between those who send them and the ports that they are for. */
export class PacketNetwork {
  readonly #rules: LinkRules
  readonly #hosts: Hosts
  readonly #traffic: Traffic
  readonly #arrivals: { push(at: Millis, arrival: PacketArrival): void }
  readonly #draw: LinkDraw
  /** By place: when it sent last, and how many packets then. */
  #sentAt = new Float64Array(64)
  #sentThen = new Int32Array(64)

  constructor(
    rules: LinkRules,
    hosts: Hosts,
    traffic: Traffic,
    random: Random,
    arrivals: { push(at: Millis, arrival: PacketArrival): void },
  ) {
    this.#rules = rules
    this.#hosts = hosts
    this.#traffic = traffic
    this.#arrivals = arrivals
    this.#draw = new LinkDraw(random.u32())
  }

  send(from: SimNode, to: Address, packet: Uint8Array, now: Millis): void {
    const traffic = this.#traffic
    traffic.packets++
    traffic.bytes += packet.length
    const endpoint = this.#hosts.at(to)
    if (endpoint.place < 0) {
      traffic.unheard++
      return
    }
    const conditions = this.#rules.of(from.place, endpoint.place)
    if (conditions.cut === 'packets' || conditions.cut === 'everything') {
      traffic.cut++
      return
    }
    if (packet.length > conditions.mtu) {
      traffic.oversize++
      return
    }
    const draw = this.#draw
    draw.turn(from.place, endpoint.place, now, this.#turnAt(from.place, now))
    if (conditions.loss > 0 && draw.fraction() < conditions.loss) {
      traffic.lost++
      return
    }
    this.#underWay(from, endpoint, packet, conditions, now)
    if (conditions.duplicate > 0 && draw.fraction() < conditions.duplicate) {
      traffic.duplicated++
      this.#underWay(from, endpoint, packet.slice(), conditions, now)
    }
  }

  /** Which of the packets that a node sends at this instant the next one is: tells their draws apart. */
  #turnAt(place: number, now: Millis): number {
    if (place >= this.#sentAt.length) {
      this.#sentAt = largerBy(new Float64Array(2 * place + 64), this.#sentAt)
      this.#sentThen = largerBy(new Int32Array(2 * place + 64), this.#sentThen)
    }
    if (this.#sentAt[place] !== now) {
      this.#sentAt[place] = now
      this.#sentThen[place] = 0
    }
    return this.#sentThen[place]!++
  }

  #underWay(
    from: SimNode,
    to: Endpoint,
    bytes: Uint8Array,
    { latency, reorder, reorderBy }: Conditions,
    now: Millis,
  ): void {
    const draw = this.#draw
    let delay = drawLatency(latency, draw)
    if (reorder > 0 && draw.fraction() < reorder) delay += reorderBy
    this.#arrivals.push(now + delay, { kind: 'packet', from, to, bytes })
  }
}

function largerBy<T extends Float64Array | Int32Array>(larger: T, smaller: T): T {
  larger.set(smaller)
  return larger
}
