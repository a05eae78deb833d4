import { maxEvents } from '../../wire/limits.ts'
import type { EventsDigest, KeptEvent, RumourId, UserEvent } from '../../wire/message.ts'
import type { Millis } from '../time.ts'

/** Ids that are remembered at most; beyond it the lowest times go, and what is as old as they were is not believed to be new any more. */
const capacity = 4_096
/** Events that are kept whole at most, for those who missed them; and their bytes. */
const keptEvents = Math.min(512, maxEvents)
const keptBytes = 262_144
/** Times for each second of the wall clock: more than anybody tells. */
const timesASecond = 2 ** 20

/**
 * The highest time that is believed while the wall clock says so. A liar pushes the clock of a cluster no farther than this, and there each
 * second brings room for a million more: nobody arrives at the end of the numbers, and whoever joins later can follow.
 */
export const latestTime = (wallSeconds: number): number =>
  Math.min(maxTime, Math.floor(wallSeconds * timesASecond))
/** That of the year 2242: above it there is room for what this node tells itself. */
const maxTime = Number.MAX_SAFE_INTEGER - 2 ** 32

/** What an id is to who hears it. `old`: it is older than what is remembered, and was heard before, or never will be. */
export type Verdict = 'new' | 'seen' | 'old' | 'ahead'

interface Entry extends RumourId {
  /** Undefined: a query, or one that is kept no more, or one that only an earlier process has seen. */
  event: UserEvent | undefined
  /** When it was told, as far as this node knows. */
  at: Millis
  /** How many events had been heard by then. */
  readonly order: number
  /** An earlier process of this node has heard it, and it is not here. */
  missing?: true
}

/**
 * What was told to all, and when: a Lamport clock, the ids that were heard, so that nothing is heard twice, and the latest events whole, for
 * those who missed them. Bounded by count and bytes; events also by age.
 */
export class EventLog {
  /** By time, then boot. */
  readonly #entries: Entry[] = []
  readonly #retention: Millis
  readonly #wallSeconds: (now: Millis) => number
  /** Times up to here are forgotten, or were never for this process. */
  #floor = 0
  #clock = 0
  #count = 0
  #kept = 0
  #bytes = 0

  /** `retention`: how long events are kept whole. `wallSeconds`: what the wall clock says at an instant. */
  constructor(retention: Millis, wallSeconds: (now: Millis) => number) {
    this.#retention = retention
    this.#wallSeconds = wallSeconds
  }

  /** Highest time that was heard. */
  get clock(): number {
    return this.#clock
  }

  /** Events that are kept whole. */
  get kept(): number {
    return this.#kept
  }

  /** Takes note of another's clock, if it can be one. */
  witness(time: number, now: Millis): void {
    if (!this.#isAhead(time, now)) this.#clock = Math.max(this.#clock, time)
  }

  /** The next time, for something that this node tells. */
  tick(): number {
    return ++this.#clock
  }

  /**
   * Takes in what an earlier process of this node had heard: it is not new, but to be kept for others once it is here. When it was told
   * is not known: it may be under way.
   */
  recall(ids: readonly RumourId[], now: Millis): void {
    for (const { boot, time } of ids) {
      if (this.#isAhead(time, now)) continue
      const place = this.#placeOf(time, boot)
      const order = ++this.#count
      this.#entries.splice(place, 0, { time, boot, event: undefined, at: now, order, missing: true })
      this.#clock = Math.max(this.#clock, time)
    }
    this.#trim()
  }

  /** Takes an id in, with the event if it is one. `at`: when it was told. */
  add({ boot, time }: RumourId, event: UserEvent | undefined, at: Millis, now: Millis): Verdict {
    if (this.#isAhead(time, now)) return 'ahead'
    const place = this.#placeOf(time, boot)
    const there = this.#entries[place]
    if (there !== undefined && there.time === time && there.boot === boot) {
      if (there.missing === true && event !== undefined) {
        delete there.missing
        there.at = at
        this.#keep(there, event)
        this.#trim()
      }
      return 'seen'
    }
    if (time <= this.#floor) return 'old'
    this.#clock = Math.max(this.#clock, time)
    if (event !== undefined) this.#count++
    const entry: Entry = { time, boot, event: undefined, at, order: this.#count }
    this.#entries.splice(place, 0, entry)
    if (event !== undefined) this.#keep(entry, event)
    this.#trim()
    return 'new'
  }

  /** Keeps none of them any longer. What was heard is still known. */
  forgetKept(): void {
    for (const entry of this.#entries) this.#drop(entry)
  }

  /** What to compare logs by; undefined where nothing was ever told. `spreading`: how long what is told may be under way. */
  digest(now: Millis, spreading: Millis): EventsDigest | undefined {
    if (this.#clock === 0) return undefined
    this.#expire(now)
    let [a, b] = [0, 0]
    for (const { boot, event, time } of this.#entries) {
      if (event === undefined) continue
      const mixed = BigInt.asUintN(64, (BigInt(time) * 0x9e3779b97f4a7c15n) ^ (boot * 0xbf58476d1ce4e5b9n))
      a = (a + Number(mixed & 0xffff_ffffn)) >>> 0
      b = (b ^ Number(mixed >> 32n)) >>> 0
    }
    return { clock: this.#clock, mark: [a, b], count: this.#count, settled: this.#settled(now, spreading) }
  }

  /**
   * This process has come to others, who say what was settled: what was told up to then and is not here is not for it. Without this a recording would be news to
   * whoever starts anew.
   */
  settle(time: number): void {
    this.#floor = Math.max(this.#floor, Math.min(time, this.#clock))
  }

  /** Ids of the events that are kept. */
  known(now: Millis): RumourId[] {
    this.#expire(now)
    return this.#entries.filter(({ event }) => event !== undefined).map(({ boot, time }) => ({ time, boot }))
  }

  /** Ids of the events that others may still tell of: those that are kept, here or by them. */
  heard(now: Millis): RumourId[] {
    this.#expire(now)
    return this.#entries
      .filter(({ event, missing }) => event !== undefined || missing === true)
      .map(({ boot, time }) => ({ time, boot }))
  }

  /** The events that are kept and are not among these. */
  lacking(known: readonly RumourId[], now: Millis): KeptEvent[] {
    this.#expire(now)
    const theirs = new Set(known.map(({ boot, time }) => `${time} ${boot}`))
    const events: KeptEvent[] = []
    for (const { at, boot, event, order, time } of this.#entries) {
      if (event === undefined || theirs.has(`${time} ${boot}`)) continue
      events.push({ event, age: Math.max(0, Math.floor((now - at) / 1_000)), order })
    }
    return events
  }

  /** Whether a time is made up; what this node tells itself never is. */
  #isAhead(time: number, now: Millis): boolean {
    return time > this.#clock && time > latestTime(this.#wallSeconds(now))
  }

  /** The highest time that was told longer ago than events are kept or under way: nobody tells anything of up to there any more, unless it was cut off for as long. */
  #settled(now: Millis, spreading: Millis): number {
    const told = Math.max(this.#retention, spreading)
    const last = this.#entries.findLast(({ at }) => now - at > told)
    return Math.max(this.#floor, last?.time ?? 0)
  }

  /** Index of an id, or of where it belongs: times mostly rise, so from the end. */
  #placeOf(time: number, boot: bigint): number {
    const entries = this.#entries
    const last = entries[entries.length - 1]
    if (last === undefined || isBefore(last, time, boot)) return entries.length
    let [low, high] = [0, entries.length - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(entries[middle]!, time, boot)) low = middle + 1
      else high = middle
    }
    return low
  }

  #keep(entry: Entry, event: UserEvent): void {
    entry.event = event
    this.#kept++
    this.#bytes += sizeOf(event)
  }

  #trim(): void {
    const entries = this.#entries
    while (entries.length > capacity) {
      const first = entries.shift()!
      this.#floor = Math.max(this.#floor, first.time)
      this.#drop(first)
    }
    if (this.#kept <= keptEvents && this.#bytes <= keptBytes) return
    for (const entry of entries) {
      this.#drop(entry)
      if (this.#kept <= keptEvents && this.#bytes <= keptBytes) return
    }
  }

  #expire(now: Millis): void {
    if (this.#kept === 0) return
    for (const entry of this.#entries) if (now - entry.at > this.#retention) this.#drop(entry)
  }

  #drop(entry: Entry): void {
    if (entry.event === undefined) return
    this.#kept--
    this.#bytes -= sizeOf(entry.event)
    entry.event = undefined
  }
}

const isBefore = (entry: Entry, time: number, boot: bigint): boolean =>
  entry.time < time || (entry.time === time && entry.boot < boot)

/** About what an event takes in memory. */
const sizeOf = ({ body, name, origin }: UserEvent): number => body.length + name.length + origin.length
