import type { Address, Millis } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import { Lives } from './lives.ts'
import { seconds } from './quantile.ts'

export interface LoadReport {
  /** Length of the window. */
  readonly seconds: number
  /** Packets and messages over streams that a node sent, per second that it ran. */
  readonly messagesPerNodePerSecond: number
  /** Their bytes, as they went to the transport: without the headers of UDP, TCP and IP. */
  readonly bytesPerNodePerSecond: number
  /** Of these, over streams. */
  readonly streamMessagesPerNodePerSecond: number
  readonly streamBytesPerNodePerSecond: number
}

/** What all nodes have sent since a measure began, and how long they ran. */
export interface LoadMark {
  readonly at: Millis
  /** Milliseconds that processes ran or were paused, summed over them. */
  readonly nodeTime: Millis
  readonly packets: number
  readonly bytes: number
  readonly streamMessages: number
  readonly streamBytes: number
}

/** What nodes send: all of them together between two marks, and each by itself since the beginning. */
export class Load implements Observer {
  readonly #simulation: Simulation
  readonly #lives: Lives
  #packets: Float64Array = new Float64Array(0)
  #bytes: Float64Array = new Float64Array(0)
  /** Processes of each place that run, until when they are counted, and the milliseconds that they have run. */
  #running: Float64Array = new Float64Array(0)
  #until: Float64Array = new Float64Array(0)
  #ran: Float64Array = new Float64Array(0)
  #nodeTime: Millis = 0
  #countedAt: Millis

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    this.#lives = Lives.in(simulation)
    this.#countedAt = simulation.now
    for (const node of simulation.live()) this.#change(node, 1)
    simulation.observe(this)
  }

  started(node: SimNode): void {
    this.#count(this.#lives.running - 1)
    this.#change(node, 1)
  }

  ended(node: SimNode): void {
    this.#count(this.#lives.running + 1)
    this.#change(node, -1)
  }

  packet({ place }: SimNode, _to: Address, packet: Uint8Array): void {
    this.#packets[place]!++
    this.#bytes[place]! += packet.length
  }

  mark(): LoadMark {
    this.#count(this.#lives.running)
    const { bytes, packets, streamBytes, streamMessages } = this.#simulation.traffic
    return {
      at: this.#simulation.now,
      nodeTime: this.#nodeTime,
      packets,
      bytes,
      streamMessages,
      streamBytes,
    }
  }

  /** Rates between two marks; 0 in an empty window. */
  between(from: LoadMark, to: LoadMark): LoadReport {
    const nodeSeconds = (to.nodeTime - from.nodeTime) / 1_000
    const rate = (pick: (mark: LoadMark) => number): number =>
      nodeSeconds > 0 ? rounded((pick(to) - pick(from)) / nodeSeconds) : 0
    return {
      seconds: seconds(to.at - from.at),
      messagesPerNodePerSecond: rate(({ packets, streamMessages }) => packets + streamMessages),
      bytesPerNodePerSecond: rate(({ bytes, streamBytes }) => bytes + streamBytes),
      streamMessagesPerNodePerSecond: rate(({ streamMessages }) => streamMessages),
      streamBytesPerNodePerSecond: rate(({ streamBytes }) => streamBytes),
    }
  }

  /** Packets per second, and their bytes, that each name's processes sent since the beginning; of those that ran at all. */
  byNode(): { readonly name: string; readonly packets: number; readonly bytes: number }[] {
    const { names, now } = this.#simulation
    return names.flatMap((name, place) => {
      const [packets = 0, bytes = 0, ran = 0] = [this.#packets[place], this.#bytes[place], this.#ran[place]]
      const open = (this.#running[place] ?? 0) * (now - (this.#until[place] ?? 0))
      const whole = (ran + open) / 1_000
      return whole > 0 ? [{ name, packets: rounded(packets / whole), bytes: rounded(bytes / whole) }] : []
    })
  }

  /** So many processes have run since the last count. */
  #count(running: number): void {
    const { now } = this.#simulation
    this.#nodeTime += running * (now - this.#countedAt)
    this.#countedAt = now
  }

  /** One process more of a place runs, or one less. */
  #change({ place }: SimNode, by: 1 | -1): void {
    if (place >= this.#packets.length) this.#grow(place + 1)
    const { now } = this.#simulation
    this.#ran[place]! += this.#running[place]! * (now - this.#until[place]!)
    this.#until[place] = now
    this.#running[place]! += by
  }

  #grow(places: number): void {
    const grown = (column: Float64Array): Float64Array => {
      const wider = new Float64Array(Math.max(places, 2 * column.length))
      wider.set(column)
      return wider
    }
    this.#packets = grown(this.#packets)
    this.#bytes = grown(this.#bytes)
    this.#running = grown(this.#running)
    this.#until = grown(this.#until)
    this.#ran = grown(this.#ran)
  }
}

/** To three digits behind the point: a window's length is known no better. */
const rounded = (rate: number): number => Math.round(rate * 1_000) / 1_000
