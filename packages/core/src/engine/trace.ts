import { grown } from '../model/grown.ts'
import type { Ref } from '../model/ref.ts'
import type { Millis } from './time.ts'

export const tracePaths = ['direct', 'indirect', 'stream', 'gossip', 'sync', 'judgement'] as const
export type TracePath = (typeof tracePaths)[number]

export const traceOutcomes = [
  'ack',
  'nack',
  'timeout',
  'refused',
  'reset',
  'unreachable',
  'void',
  'heard',
  'operator',
  'alive',
  'suspect',
  'failed',
  'left',
  'refuted',
  'conflict',
  'held',
  'degraded',
  'restored',
] as const
export type TraceOutcome = (typeof traceOutcomes)[number]

export interface TraceEntry {
  readonly at: Millis
  /** Who looked or said so; undefined where that name is no longer known. */
  readonly by: Ref | undefined
  readonly path: TracePath
  readonly outcome: TraceOutcome
  readonly incarnation: number
}

/**
 * What was seen and heard, in one ring per node, so that its size does not grow with the members: 26 bytes an entry,
 * allocated as it fills. Routine acks of members that nobody doubts are not recorded: they would push out what
 * explains a suspicion.
 */
export class Trace {
  readonly #capacity: number
  #size = 0
  #next = 0
  #at = new Float64Array(0)
  #subject = new Int32Array(0)
  #by = new Int32Array(0)
  #incarnation = new Uint32Array(0)
  #path = new Uint8Array(0)
  #outcome = new Uint8Array(0)

  /** `capacity` entries, at least 1. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity)
  }

  record(
    subject: Ref,
    by: Ref | undefined,
    path: TracePath,
    outcome: TraceOutcome,
    incarnation: number,
    now: Millis,
  ): void {
    if (this.#next === this.#at.length && this.#at.length < this.#capacity) this.#grow()
    const i = this.#next
    this.#at[i] = now
    this.#subject[i] = subject
    this.#by[i] = by ?? -1
    this.#incarnation[i] = incarnation
    this.#path[i] = tracePaths.indexOf(path)
    this.#outcome[i] = traceOutcomes.indexOf(outcome)
    this.#size = Math.max(this.#size, i + 1)
    this.#next = i + 1 === this.#capacity ? 0 : i + 1
  }

  /** What is kept about a member, oldest first. */
  about(subject: Ref): TraceEntry[] {
    const entries: TraceEntry[] = []
    const start = this.#size === this.#capacity ? this.#next : 0
    for (let k = 0; k < this.#size; k++) {
      const i = (start + k) % this.#size
      if (this.#subject[i] !== subject) continue
      const by = this.#by[i]!
      entries.push({
        at: this.#at[i]!,
        // The column holds handles and −1 only.
        by: by < 0 ? undefined : (by as Ref),
        path: tracePaths[this.#path[i]!]!,
        outcome: traceOutcomes[this.#outcome[i]!]!,
        incarnation: this.#incarnation[i]!,
      })
    }
    return entries
  }

  #grow(): void {
    const size = Math.min(this.#capacity, Math.max(16, this.#at.length * 2))
    this.#at = grown(new Float64Array(size), this.#at)
    this.#subject = grown(new Int32Array(size), this.#subject)
    this.#by = grown(new Int32Array(size), this.#by)
    this.#incarnation = grown(new Uint32Array(size), this.#incarnation)
    this.#path = grown(new Uint8Array(size), this.#path)
    this.#outcome = grown(new Uint8Array(size), this.#outcome)
  }
}
