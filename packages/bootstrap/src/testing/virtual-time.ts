import { createHash } from 'node:crypto'
import type { Host, HostInterface } from '@swimkit/core'

/** Time that stands still until it is moved. */
export class VirtualTime {
  now = 0
  /** What was waited for, in milliseconds, in order. */
  readonly waits: number[] = []
  #alarms: { readonly at: number; readonly fn: () => void }[] = []

  wake = (at: number, fn: () => void): (() => void) => {
    const alarm = { at, fn }
    this.waits.push(at - this.now)
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /** Whether anybody still waits for anything. */
  get idle(): boolean {
    return this.#alarms.length === 0
  }

  /** Moves on to the next instant that somebody waits for, and lets everything settle that it sets off. */
  async next(): Promise<void> {
    await settle()
    const at = Math.min(...this.#alarms.map((alarm) => alarm.at))
    this.now = at
    const due = this.#alarms.filter((alarm) => alarm.at <= at)
    this.#alarms = this.#alarms.filter((alarm) => alarm.at > at)
    for (const { fn } of due) fn()
    await settle()
  }

  async until(at: number): Promise<void> {
    await settle()
    while (this.#alarms.some((alarm) => alarm.at <= at)) await this.next()
    this.now = at
  }
}

/** Lets promises that are ready run on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export interface FakeHost extends Host {
  networks: HostInterface[]
}

/** A host whose time is virtual, whose only interface has an address in 10.0.0.0/24, and whose randomness is given: fractions in [0, 1). */
export function fakeHost(
  time: VirtualTime,
  random: () => number = () => 0.5,
  address = '10.0.0.1',
): FakeHost {
  const networks = [
    { name: 'lo', address: '127.0.0.1', prefix: 8, internal: true },
    { name: 'eth0', address, prefix: 24, internal: false },
  ]
  return {
    runtime: 'node 20.0.0',
    networks,
    now: () => time.now,
    wallMillis: () => time.now,
    wake: time.wake,
    afterPoll: (fn) => fn(),
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    interfaces: () => networks,
    entropy(bytes) {
      const drawn = new Uint8Array(bytes)
      for (let at = 0; at < bytes; at += 4) {
        const word = Math.floor(random() * 0x1_0000_0000)
        for (let i = 0; i < 4 && at + i < bytes; i++) drawn[at + i] = word >>> (24 - 8 * i)
      }
      return drawn
    },
  }
}
