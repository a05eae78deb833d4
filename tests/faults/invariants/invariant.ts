import type { MemberEventView } from '../control-feed.ts'
import type { Life, View } from '../life.ts'
import type { Touched } from '../touched.ts'

/** What is true, as those know who make the faults. */
export interface Truth {
  now(): number
  readonly touched: Touched
  /** All processes that ever ran, the earliest first. */
  readonly lives: readonly Life[]
  /** Counts something that is excused, for the report: many of a kind are worth a look. */
  excuse(what: string): void
  /** Counts what a rule was tried with, for the report: one that was tried with nothing has shown nothing. */
  tried(what: string, times: number): void
  /** Whether what a process tells comes to us. */
  hears(life: Life): boolean
  /** When it showed last that the machine had given nobody any time; 0: never. */
  readonly stoodStillAt: number
  /** The process that is meant to run under a name; undefined where there is none. */
  current(name: string): Life | undefined
}

/** Says that a rule was broken. */
export type Breach = (what: string) => void

/**
 * A rule that is watched from outside, by what nodes say of themselves over the control API. Where one of these has a namesake in the simulator it is
 * the same rule, as far as it can be seen from here.
 */
export interface Invariant {
  readonly name: string
  readonly rule: string
  watch(truth: Truth, breach: Breach): Watch
}

export interface Watch {
  /** A process tells of a change. */
  event?(at: Life, event: MemberEventView): void
  /** A process was told of a broadcast. */
  broadcast?(at: Life, body: string): void
  /** A process was told to broadcast this, and has. */
  sent?(by: Life, body: string): void
  /** A follower of a process missed some: events of members, or broadcasts. */
  missed?(at: Life, what: 'events' | 'broadcasts'): void
  /** A process shows its table, once in two seconds. */
  looked?(at: Life, view: View): void
  /** A process did not show its table, though it runs. */
  silent?(at: Life, why: string): void
  /** A process has ended. */
  ended?(life: Life): void
  /** All agree, and nothing is wrong anywhere. */
  rest?(views: ReadonlyMap<Life, View>): void
  /** The run is over, and all agree. */
  over?(): void
}
