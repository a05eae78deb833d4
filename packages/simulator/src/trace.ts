import type { EngineEventType, Millis } from '@swimkit/core'

/** What is traced. Member events by their type; the rest is of the network and of the schedule. */
export const traceKinds = [
  'packet',
  'request',
  'reply',
  'start',
  'crash',
  'pause',
  'resume',
  'block',
  'unblock',
  'slow',
  'drift',
  'rules',
  'call',
  'join',
  'alive',
  'suspect',
  'failed',
  'leave',
  'update',
  'reap',
  'conflict',
  'degraded',
  'detector-missing',
  'switch',
  'restored',
  'flapping',
  'calm',
  'payload',
] as const satisfies readonly (EngineEventType | string)[]
export type TraceKind = (typeof traceKinds)[number]

const codes = Object.fromEntries(traceKinds.map((kind, code) => [kind, code])) as Readonly<
  Record<TraceKind, number>
>

/** One thing that happened. `node` and `other` are places of names; −1: none. */
export interface SimTraceEntry {
  readonly at: Millis
  readonly kind: TraceKind
  readonly node: number
  readonly other: number
  /** Bytes of a packet or message, or the incarnation of a member event. */
  readonly detail: number
}

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)

/**
 * Everything that happened: the latest in a ring, and all of it in one hash. Two runs with equal hashes did the same,
 * event by event, on whatever runtime.
 */
export class SimTrace {
  readonly #capacity: number
  readonly #at: Float64Array
  readonly #detail: Float64Array
  readonly #kind: Uint8Array
  readonly #node: Int32Array
  readonly #other: Int32Array
  #count = 0
  #a = 0x811c9dc5
  #b = 0x9747b28c

  constructor(capacity = 512) {
    this.#capacity = capacity
    this.#at = new Float64Array(capacity)
    this.#detail = new Float64Array(capacity)
    this.#kind = new Uint8Array(capacity)
    this.#node = new Int32Array(capacity)
    this.#other = new Int32Array(capacity)
  }

  /** Things that happened in all. */
  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal digits over everything that happened. */
  get hash(): string {
    return hex32(finish(this.#a ^ this.#count)) + hex32(finish(this.#b + this.#count))
  }

  record(kind: TraceKind, at: Millis, node: number, other: number, detail: number): void {
    const code = codes[kind]
    const place = this.#count++ % this.#capacity
    this.#at[place] = at
    this.#detail[place] = detail
    this.#kind[place] = code
    this.#node[place] = node
    this.#other[place] = other
    bits[0] = at
    const low = words[0]!
    const high = words[1]!
    const who = Math.imul(node + 1, 0x9e3779b1) ^ Math.imul(other + 1, 0x85ebca77) ^ code
    let a = Math.imul(this.#a ^ low, 0x01000193)
    a = Math.imul(a ^ high ^ (a >>> 15), 0x85ebca6b)
    this.#a = Math.imul(a ^ who ^ (a >>> 13), 0xc2b2ae35) ^ detail
    let b = Math.imul(this.#b ^ who, 0x01000193)
    b = Math.imul(b ^ detail ^ (b >>> 16), 0xcc9e2d51)
    this.#b = Math.imul(b ^ low ^ (b >>> 14), 0x1b873593) ^ high
  }

  /** The latest, oldest first; at most the ring's capacity. */
  latest(count = this.#capacity): SimTraceEntry[] {
    const kept = Math.min(count, this.#count, this.#capacity)
    return Array.from({ length: kept }, (_, i) => {
      const place = (this.#count - kept + i) % this.#capacity
      return {
        at: this.#at[place]!,
        kind: traceKinds[this.#kind[place]!]!,
        node: this.#node[place]!,
        other: this.#other[place]!,
        detail: this.#detail[place]!,
      }
    })
  }
}

function finish(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const hex32 = (x: number): string => (x >>> 0).toString(16).padStart(8, '0')
