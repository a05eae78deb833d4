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

/**
 * Heartbeat gossip (van Renesse, Minsky, Hayden, "A gossip-style failure detection service", Middleware 1998) with an accrual
 * detector (Hayashibara et al., SRDS 2004). Once per interval a node raises its own heartbeat and tells `fanout` members
 * the heartbeats that it knows, the freshest first; each answers with what the sender lacks. From how regularly each member is heard
 * follows how long its silence must last to be unlikely, and then some few look at it (see `DetectorContext.look`): silence is
 * a reason to look, and only a look that fails is reported.
 *
 * Time from a crash to the first look is bounded by `detectionBound`. A member that came back lately is given more time, and one that did not answer
 * is trusted again only after some heartbeats in time, or its refutation. Work per packet is bounded by its size, work per step of the clock by a constant,
 * memory by some 110 bytes for each member. Where packets are not carried, members are looked at in turn instead.
 *
 * All nodes of a cluster should run it with the same options. Throws a TypeError or a RangeError that names the option, its value and
 * what is allowed.
 */
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
