import type { Address, Decoded, Delivery, Millis } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { GroundTruth } from './ground-truth.ts'
import type { Entry, Process } from './process.ts'

/** A rule that must hold in every run, whatever is done to the nodes and the network. */
export interface Invariant {
  /** Short, for messages and to choose by. */
  readonly name: string
  /** The rule in a sentence: what a failure quotes. */
  readonly rule: string
  /** Begins to watch one run. Breaches are thrown as {@link InvariantViolation} from its hooks. */
  watch(truth: GroundTruth): Watch
}

/**
 * What an invariant looks at. Called while an event of the simulation is handled: it may read everything and change nothing.
 * A process' own account of its last input is `Process.input`, and what it held before in `Process.entries`.
 */
export interface Watch {
  /** A process' engine has sent a packet. Its state is that after the input that led to it. */
  sent?(by: Process, to: Address, packet: Uint8Array, content: Decoded): void
  /** A process is about to be handed a packet. */
  received?(by: Process, content: Decoded, from: SimNode): void
  /** What a process holds of a member has changed with an input. Before: undefined if it did not know it; after: if it was removed. */
  changed?(at: Process, before: Entry | undefined, after: Entry | undefined): void
  /** A process has handled an input; `Process.entries` and `.suspicions` are still those before. */
  settled?(at: Process, now: Millis): void
  /** A process was told something by others. */
  delivered?(at: Process, delivery: Delivery): void
  ended?(process: Process, now: Millis): void
  /** Nothing has been done for as long as everything may take at most, and what runs has agreed: see `runScenario`. */
  atRest?(now: Millis): void
}

/** An invariant does not hold. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
  readonly invariant: string
  readonly rule: string
  /** The node at which it was seen, and the name of the member that it is about. */
  readonly at: SimNode | undefined
  readonly about: string | undefined

  constructor(
    { name, rule }: Pick<Invariant, 'name' | 'rule'>,
    what: string,
    at: SimNode | undefined,
    about: string | undefined,
  ) {
    super(`${name}: ${what}`)
    this.invariant = name
    this.rule = rule
    this.at = at
    this.about = about
  }
}
