import {
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type Millis,
  type Observation,
  type Ref,
  Status,
} from '@swimkit/core'
import { pingDetector } from '../foreign/ping-detector.ts'

/** What is wrong with one. */
export type DetectorFlaw =
  | 'speaks another contract'
  | 'has a name that is too long'
  | 'reports nobody'
  | 'reports nobody after the second'
  | 'reports two minutes later'
  | 'reports the incarnation that it knows by now'
  | 'reports the boot that it knew first'
  | 'reports whoever answers'
  | 'reports whoever starts again'
  | 'reports who was silent for long'
  | 'looks once'
  | 'takes void for a timeout'
  | 'does not start alone'
  | 'looks at who has left'
  | 'acts when it is attached'
  | 'arms a timer when it is stopped'
  | 'goes on after stop'
  | 'remembers its look when it is stopped'
  | 'starts once'
  | 'tells all its nodes what one has found'
  | 'pings over streams alone'
  | 'pings by packets alone'
  | 'reads the clock'
  | 'throws dice of its own'
  | 'marks members itself'
  | 'writes to records'
  | 'looks at all members each time'
  | 'pings all members each time'
  | 'pings itself'
  | 'asks members to ping themselves'
  | 'pings without end'
  | 'arms a timer for now, again and again'
  | 'chokes on what it cannot read'

/** A detector by pings, made wrong. */
export function detectorWithFlaw(flaw: DetectorFlaw): Detector {
  /** How often any of its nodes has reported a name. */
  const found = new Map<string, number>()
  return {
    kind: 'detector',
    name: flaw === 'has a name that is too long' ? 'pingack-with-a-name-of-forty-characters' : 'pingack',
    // What another contract would say: no 1.
    api: (flaw === 'speaks another contract' ? 2 : 1) as 1,
    attach: (context) => new Flawed(flaw, context, found),
  }
}

class Flawed implements DetectorHooks {
  readonly #flaw: DetectorFlaw
  readonly #context: DetectorContext
  readonly #found: Map<string, number>
  readonly #hooks: DetectorHooks
  readonly #firstSeen = new Map<Ref, Observation>()
  readonly #heard = new Map<Ref, Millis>()
  readonly #gone = new Set<Ref>()
  #reports = 0
  #starts = 0
  #stopped = true

  constructor(flaw: DetectorFlaw, context: DetectorContext, found: Map<string, number>) {
    this.#flaw = flaw
    this.#context = context
    this.#found = found
    const { members } = context
    if (flaw === 'acts when it is attached') context.adjustHealth(0)
    this.#hooks = pingDetector().attach({
      ...context,
      unreachable: (seen, evidence, now) =>
        this.#report(seen, (which) => context.unreachable(which, evidence, now), now),
      ping: (ref, options, now) => {
        const { path } = options
        if (flaw === 'looks once' && path !== 'direct' && context.packets) return false
        if (flaw === 'pings over streams alone') {
          const { arg = 0, timeout } = options
          return context.ping(ref, { path: 'stream', arg, timeout }, now)
        }
        if (!this.#firstSeen.has(ref)) this.#firstSeen.set(ref, this.#seenNow(ref))
        if (!this.#heard.has(ref)) this.#heard.set(ref, now)
        if (flaw === 'pings by packets alone' && path === 'stream') {
          return context.ping(ref, { ...options, path: 'direct' }, now)
        }
        if (flaw === 'asks members to ping themselves' && path === 'indirect') {
          return context.ping(ref, { ...options, via: ref }, now)
        }
        if (flaw === 'pings without end' && path === 'stream') {
          return context.ping(ref, { ...options, timeout: Number.POSITIVE_INFINITY }, now)
        }
        if (flaw === 'pings all members each time' && path === 'direct') {
          for (let i = 0; i < members.active; i++) {
            const each = members.activeAt(i)
            if (each !== members.self && each !== ref) context.ping(each, { ...options, arg: 0 }, now)
          }
        }
        if (flaw === 'pings itself') context.ping(members.self, { ...options, arg: 0 }, now)
        return context.ping(ref, options, now)
      },
    })
  }

  start(now: Millis): void {
    this.#starts++
    this.#stopped = false
    if (this.#flaw === 'starts once' && this.#starts > 1) return
    if (this.#flaw === 'does not start alone' && this.#context.members.active === 1) return
    this.#hooks.start(now)
  }

  stop(now: Millis): void {
    this.#stopped = true
    if (this.#flaw === 'arms a timer when it is stopped') this.#context.arm(now + 1_000, 0)
    if (this.#flaw !== 'remembers its look when it is stopped') this.#hooks.stop(now)
  }

  onTimer(tag: number, arg: number, now: Millis): void {
    const { members } = this.#context
    const flaw = this.#flaw
    if (tag === reportTag) return this.#reportLate(arg as Ref, now)
    if (flaw === 'arms a timer for now, again and again' && now > 20_000) this.#context.arm(now, tag)
    if (flaw === 'reads the clock') Date.now()
    if (flaw === 'throws dice of its own' && tag === 0) this.#context.arm(now + 1 + Math.random(), 2)
    if (flaw === 'looks at all members each time') {
      for (let i = 0; i < members.active; i++) members.status(members.activeAt(i))
    }
    if (flaw === 'looks at who has left' && now % 1_000 < 400) {
      for (const ref of this.#gone) {
        if (members.has(ref)) this.#context.ping(ref, { path: 'direct', timeout: 500, arg: 0 }, now)
      }
    }
    if (flaw === 'reports whoever starts again') {
      for (const [ref, first] of this.#firstSeen) {
        if (!members.has(ref) || members.record(ref).boot === first.boot) continue
        this.#firstSeen.set(ref, this.#seenNow(ref))
        this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
      }
    }
    if (flaw === 'reports who was silent for long') {
      for (const [ref, heard] of this.#heard) {
        if (!members.has(ref) || now - heard < 2_000 * members.active + 2_000) continue
        this.#heard.set(ref, now)
        this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
      }
    }
    if (flaw === 'tells all its nodes what one has found') {
      for (const [name, times] of this.#found) {
        const ref = members.find(name)
        if (times >= 3 && ref !== undefined && ref !== members.self)
          this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
      }
    }
    if (tag <= 1) this.#hooks.onTimer(tag, arg, now)
  }

  onPing(...[result, now]: Parameters<NonNullable<DetectorHooks['onPing']>>): void {
    const { members } = this.#context
    const { outcome, ref } = result
    const flaw = this.#flaw
    if (outcome === 'ack' && members.has(ref)) {
      this.#heard.set(ref, now)
      if (flaw === 'reports whoever answers') this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
      if (flaw === 'writes to records') Object.assign(members.record(ref), { leaving: false })
      if (flaw === 'marks members itself') {
        // The table of the core, which can more than a detector is shown.
        const table = members as unknown as Record<'set', (...args: unknown[]) => void>
        table.set(ref, Status.Alive, members.incarnation(ref), now)
      }
    }
    if (outcome === 'void' && flaw === 'takes void for a timeout' && members.has(ref)) {
      this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
    }
    this.#hooks.onPing?.(result, now)
  }

  onStatus(...[ref, , after, now]: Parameters<NonNullable<DetectorHooks['onStatus']>>): void {
    if (after === Status.Left) this.#gone.add(ref)
    if (this.#flaw === 'goes on after stop' && this.#stopped && after === Status.Failed) {
      this.#context.ping(ref, { path: 'direct', timeout: 500 }, now)
    }
  }

  onMessage(): void {
    if (this.#flaw === 'chokes on what it cannot read') throw new RangeError('cannot read that')
  }

  #report(seen: Observation, report: (seen: Observation) => void, now: Millis): void {
    const { members } = this.#context
    this.#reports++
    switch (this.#flaw) {
      case 'reports nobody':
        return
      case 'reports nobody after the second':
        if (this.#reports <= 2) report(seen)
        return
      case 'reports two minutes later':
        this.#context.arm(now + 120_000, reportTag, seen.ref)
        return
      case 'reports the incarnation that it knows by now':
        return report({ ...seen, incarnation: members.incarnation(seen.ref) })
      case 'reports the boot that it knew first': {
        const first = this.#firstSeen.get(seen.ref) ?? seen
        return report({ ...seen, boot: first.boot })
      }
      case 'tells all its nodes what one has found': {
        const name = members.name(seen.ref)
        this.#found.set(name, (this.#found.get(name) ?? 0) + 1)
        return report(seen)
      }
      default:
        return report(seen)
    }
  }

  #reportLate(ref: Ref, now: Millis): void {
    if (this.#context.members.has(ref)) this.#context.unreachable(this.#seenNow(ref), 'timeout', now)
  }

  #seenNow(ref: Ref): Observation {
    const { members } = this.#context
    return { ref, incarnation: members.incarnation(ref), boot: members.record(ref).boot }
  }
}

/** Of a timer that the ping/ack detector knows nothing of. */
const reportTag = 9
