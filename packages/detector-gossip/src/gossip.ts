import {
  type ByteReader,
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type LookResult,
  type Millis,
  type PeerRecord,
  type Ref,
  Status,
} from '@swimkit/core'
import { checkOptions, type GossipOptions, type Resolved, resolveOptions } from './options.ts'
import { Penalties } from './penalties.ts'
import { type Kept, Run } from './run.ts'
import { Turns } from './turns.ts'

export function gossip(options: GossipOptions = {}): Detector {
  checkOptions(options)
  const given = { ...options }
  return {
    kind: 'detector',
    name: 'gossip',
    api: 1,
    // Heartbeats travel in packets.
    attach: (context) => (context.packets ? new Gossip(context, given) : new Turns(context)),
  }
}

/** Turns what the core calls into calls of a run, from each start to the stop, and keeps what outlives one. */
class Gossip implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #options: Resolved
  readonly #kept: Kept
  #run: Run | undefined

  constructor(context: DetectorContext, options: GossipOptions) {
    this.#context = context
    this.#options = resolveOptions(options, context.settings, context.bodyBytes)
    this.#kept = {
      heartbeat: 0,
      rows: context.column('i32', 0),
      penalties: new Penalties(context, this.#options.penaltyHalfLife),
      lookedAt: context.column('f64', 0),
    }
  }

  start(now: Millis): void {
    this.#run?.end()
    this.#run = new Run(this.#context, this.#options, this.#kept, now)
  }

  stop(): void {
    this.#run?.end()
    this.#run = undefined
  }

  onTimer(_tag: number, _arg: number, now: Millis): void {
    this.#run?.onTimer(now)
  }

  onMessage(from: Ref | undefined, body: ByteReader, now: Millis): void {
    this.#run?.onMessage(from, body, now)
  }

  onLook(result: LookResult, now: Millis): void {
    this.#run?.onLook(result, now)
  }

  onStatus(ref: Ref, before: Status | undefined, after: Status | undefined, now: Millis): void {
    const back = after === Status.Alive && (before === Status.Suspect || before === Status.Failed)
    if (back) this.#kept.penalties.add(ref, now)
    if (after === undefined || after > Status.Suspect) this.#run?.drop(ref)
    else {
      this.#run?.track(ref, now)
      if (back) this.#run?.pardon(ref)
    }
  }

  onRecord(ref: Ref, _before: PeerRecord, now: Millis): void {
    this.#run?.track(ref, now)
  }
}
