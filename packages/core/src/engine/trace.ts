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

/** 26 bytes an entry. */
class Columns {
  readonly length: number
  readonly at: Float64Array
  readonly subject: Int32Array
  readonly by: Int32Array
  readonly incarnation: Uint32Array
  readonly path: Uint8Array
  readonly outcome: Uint8Array

  /** Begins with what `before` holds. */
  constructor(length: number, before: Columns | undefined) {
    this.length = length
    this.at = grown(new Float64Array(length), before?.at)
    this.subject = grown(new Int32Array(length), before?.subject)
    this.by = grown(new Int32Array(length), before?.by)
    this.incarnation = grown(new Uint32Array(length), before?.incarnation)
    this.path = grown(new Uint8Array(length), before?.path)
    this.outcome = grown(new Uint8Array(length), before?.outcome)
  }
}

/**
 * What was seen and heard, in one ring per node, so that its size does not grow with the members; it is allocated as it
 * fills. Routine acks of members that nobody doubts are not recorded: they would push out what explains a suspicion.
 */
export class Trace {
  readonly #capacity: number
  #size = 0
  #next = 0
  #columns: Columns | undefined

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
    const columns = this.#room()
    const i = this.#next
    columns.at[i] = now
    columns.subject[i] = subject
    columns.by[i] = by ?? -1
    columns.incarnation[i] = incarnation
    columns.path[i] = tracePaths.indexOf(path)
    columns.outcome[i] = traceOutcomes.indexOf(outcome)
    this.#size = Math.max(this.#size, i + 1)
    this.#next = i + 1 === this.#capacity ? 0 : i + 1
  }

  /** What is kept about a member, oldest first. */
  about(subject: Ref): TraceEntry[] {
    const entries: TraceEntry[] = []
    const columns = this.#columns
    if (columns === undefined) return entries
    const start = this.#size === this.#capacity ? this.#next : 0
    for (let k = 0; k < this.#size; k++) {
      const i = (start + k) % this.#size
      if (columns.subject[i] !== subject) continue
      const by = columns.by[i]!
      entries.push({
        at: columns.at[i]!,
        // The column holds handles and −1 only.
        by: by < 0 ? undefined : (by as Ref),
        path: tracePaths[columns.path[i]!]!,
        outcome: traceOutcomes[columns.outcome[i]!]!,
        incarnation: columns.incarnation[i]!,
      })
    }
    return entries
  }

  /** The columns, with room for the next entry. */
  #room(): Columns {
    let columns = this.#columns
    if (columns === undefined || (this.#next === columns.length && columns.length < this.#capacity)) {
      const length = Math.min(this.#capacity, Math.max(16, (columns?.length ?? 0) * 2))
      columns = new Columns(length, columns)
      this.#columns = columns
    }
    return columns
  }
}
