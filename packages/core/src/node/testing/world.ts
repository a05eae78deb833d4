import { createHash } from 'node:crypto'
import type { Address } from '../../model/address.ts'
import type { Host } from '../host.ts'
import type { FakeTransport } from './fake-transport.ts'

/** A machine with a clock of its own, and a network in memory. Nothing happens unless a test lets time pass. */
export class World {
  now = 1_000.25
  /** Looks for packets are kept here instead of being answered, while a test wants to answer them itself. */
  polls: (() => void)[] | undefined
  readonly ports = new Map<number, FakeTransport>()
  /** Ports that take a connection and never answer. */
  readonly silent = new Set<number>()
  /** Whether a packet passes. */
  passes: (from: Address, to: Address) => boolean = () => true
  interfaces = [{ name: 'eth0', address: '10.0.0.1', prefix: 24, internal: false }]
  #due: Due[] = []
  #order = 0
  #entropy = 1

  readonly host: Host = {
    runtime: 'test 1.0',
    now: () => this.now,
    wallMillis: () => epoch + Math.floor(this.now),
    entropy: (bytes) => Uint8Array.from({ length: bytes }, () => this.#draw()),
    wake: (at, run) => this.schedule(at, run),
    afterPoll: (run) => {
      if (this.polls === undefined) this.schedule(this.now, run)
      else this.polls.push(run)
    },
    interfaces: () => this.interfaces,
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  }

  /** Not random at all, and never the same twice in a row. */
  #draw(): number {
    this.#entropy = (this.#entropy * 75 + 74) % 65_537
    return this.#entropy & 255
  }

  schedule(at: number, run: () => void): () => void {
    const due: Due = { at: Math.max(at, this.now), order: this.#order++, run }
    this.#due.push(due)
    return () => {
      this.#due = this.#due.filter((other) => other !== due)
    }
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    // A turn of the event loop: all promises that can go on do so before it comes.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async run(ms: number): Promise<void> {
    const end = this.now + ms
    await this.settle()
    for (;;) {
      const next = this.#due.reduce<Due | undefined>(
        (first, due) =>
          first === undefined || due.at < first.at || (due.at === first.at && due.order < first.order)
            ? due
            : first,
        undefined,
      )
      if (next === undefined || next.at > end) break
      this.#due = this.#due.filter((due) => due !== next)
      this.now = Math.max(this.now, next.at)
      next.run()
      await this.settle()
    }
    this.now = end
  }

  /** Runs until a promise has settled, and gives how. */
  async outcome<T>(promise: Promise<T>, limit = 60_000): Promise<T> {
    let open = true
    const watched = promise.finally(() => {
      open = false
    })
    watched.catch(() => undefined)
    await this.settle()
    for (let waited = 0; open; waited += 50) {
      if (waited > limit) throw new Error(`not settled within ${limit} ms of its time`)
      await this.run(50)
    }
    return watched
  }

  /** The clock moves on, and this process does not. */
  stall(ms: number): void {
    this.now += ms
  }
}

/** 2026-01-01, in milliseconds. */
export const epoch = 1_767_225_600_000

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}
