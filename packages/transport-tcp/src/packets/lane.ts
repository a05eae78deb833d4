import type { Socket } from 'node:net'
import type { Address, Millis } from '@swimkit/core'
import type { TcpCounters } from '../counters.ts'
import { Watchdog } from '../watchdog.ts'
import { frame, PREFACE } from './frame.ts'

/** No answer to what was sent for so long: the connection is given up, for TCP itself would try for a quarter of an hour. */
const STALL: Millis = 3000
/** Connecting to a node that is up takes one round trip, or a second more when the first segment is lost, or three. */
const CONNECT: Millis = 4000
/** Rest after a first failure; it doubles with each further one, up to the longest. */
const SHORTEST_REST: Millis = 100
const LONGEST_REST: Millis = 1000

export interface LaneSettings {
  readonly maxQueuedBytes: number
  readonly packetIdleTimeout: Millis
}

/** A socket connected to the address, within so many ms. */
export type Connect = (to: Address, timeout: Millis, signal: AbortSignal) => Promise<Socket>

/**
 * The packets to one address, over one connection that is made when there is something to send, and made again when it
 * is lost. Packets are packets: those under way when a connection breaks are gone, and nobody is told.
 */
export class Lane {
  readonly #to: Address
  readonly #settings: LaneSettings
  readonly #counters: TcpCounters
  readonly #connect: Connect
  #socket: Socket | undefined
  #watchdog: Watchdog | undefined
  /** Frames that wait for the connection; undefined when none is being made. */
  #waiting: Uint8Array[] | undefined
  #waitingBytes = 0
  #attempt = new AbortController()
  #openedAt: Millis = 0
  #failures = 0
  #restsUntil: Millis = 0
  /** When the first packet was sent that no answer came after. */
  #unansweredSince: Millis | undefined

  constructor(to: Address, settings: LaneSettings, counters: TcpCounters, connect: Connect) {
    this.#to = to
    this.#settings = settings
    this.#counters = counters
    this.#connect = connect
  }

  send(packet: Uint8Array): void {
    const now = performance.now()
    if (this.#unansweredSince !== undefined && now - this.#unansweredSince > STALL) this.#giveUp()
    if (this.#socket !== undefined) this.#write(this.#socket, frame(packet), now)
    else if (this.#waiting !== undefined) this.#wait(this.#waiting, frame(packet))
    else if (now < this.#restsUntil) this.#counters.unconnected++
    else {
      this.#waiting = []
      this.#wait(this.#waiting, frame(packet))
      void this.#open()
    }
  }

  /** Ends the connection when what was sent has left. */
  close(): void {
    this.#attempt.abort()
    const socket = this.#socket
    if (socket === undefined) return
    this.#forget()
    // Not destroyed at once: with an answer byte still unread that would be a reset, and cost what is under way.
    socket.end()
    const watchdog = new Watchdog(CONNECT, CONNECT, () => socket.destroy())
    socket.on('close', () => watchdog.stop())
  }

  #wait(waiting: Uint8Array[], framed: Uint8Array): void {
    if (this.#waitingBytes + framed.byteLength > this.#settings.maxQueuedBytes) {
      this.#counters.overflows++
      return
    }
    waiting.push(framed)
    this.#waitingBytes += framed.byteLength
  }

  #write(socket: Socket, framed: Uint8Array, now: Millis): void {
    if (socket.writableLength + framed.byteLength > this.#settings.maxQueuedBytes) {
      this.#counters.overflows++
      return
    }
    this.#counters.packetsSent++
    this.#counters.bytesSent += framed.byteLength
    this.#unansweredSince ??= now
    this.#watchdog?.touch()
    socket.write(framed)
  }

  async #open(): Promise<void> {
    const attempt = new AbortController()
    this.#attempt = attempt
    try {
      const socket = await this.#connect(this.#to, CONNECT, attempt.signal)
      if (attempt.signal.aborted) socket.destroy()
      else this.#use(socket)
    } catch {
      // A DialError, or closed meanwhile. Who can't be reached is for detectors to find out: here it is counted.
      this.#counters.unconnected += this.#waiting?.length ?? 0
      this.#rest()
    } finally {
      this.#waiting = undefined
      this.#waitingBytes = 0
    }
  }

  #use(socket: Socket): void {
    const now = performance.now()
    this.#socket = socket
    this.#openedAt = now
    this.#counters.packetConnectionsOpened++
    this.#watchdog = new Watchdog(this.#settings.packetIdleTimeout, Number.POSITIVE_INFINITY, () =>
      this.close(),
    )
    socket.on('data', () => {
      if (this.#socket === socket) this.#unansweredSince = undefined
    })
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#lose(socket))
    socket.write(PREFACE)
    for (const framed of this.#waiting ?? []) this.#write(socket, framed, now)
  }

  /** The connection is gone, by the other end's doing or the network's. */
  #lose(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#forget()
    // One that is dropped as soon as it is made is as good as none: no storm of those either.
    if (performance.now() - this.#openedAt < LONGEST_REST) this.#rest()
    else this.#failures = 0
  }

  /** The other end fell silent. What comes next goes over a new connection, at once. */
  #giveUp(): void {
    const socket = this.#socket
    this.#forget()
    this.#counters.packetConnectionsStalled++
    socket?.destroy()
  }

  #forget(): void {
    this.#socket = undefined
    this.#unansweredSince = undefined
    this.#watchdog?.stop()
  }

  #rest(): void {
    this.#restsUntil = performance.now() + Math.min(SHORTEST_REST * 2 ** this.#failures, LONGEST_REST)
    this.#failures++
  }
}
