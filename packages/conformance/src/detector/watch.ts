import type {
  Detector,
  DetectorContext,
  DetectorHooks,
  DetectorTimer,
  EvidenceKind,
  LookOptions,
  LookResult,
  MemberView,
  Millis,
  Observation,
  PingOptions,
  PingResult,
  Ref,
} from '@swimkit/core'
import { ConformanceError, check } from '../case/check.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'

/** What a detector did through its context. */
export type Act =
  | { readonly what: 'arm'; readonly at: Millis }
  | { readonly what: 'ping'; readonly ref: Ref; readonly options: PingOptions; readonly incarnation: number }
  | { readonly what: 'look'; readonly ref: Ref; readonly options: LookOptions }
  | { readonly what: 'send'; readonly ref: Ref; readonly bytes: number }
  | { readonly what: 'reachable'; readonly seen: Observation }
  | { readonly what: 'unreachable'; readonly seen: Observation; readonly evidence: EvidenceKind }
  | { readonly what: 'adjustHealth'; readonly delta: number }

/** With who did it, when and in which state. */
export type Deed = Act & {
  /** The node's name, and the one of the member that it is about. */
  readonly node: string
  readonly about: string | undefined
  readonly now: Millis
  readonly state: State
}

/** `made`: attached and not started. `stopping`: within `stop`. */
export type State = 'made' | 'running' | 'stopping' | 'stopped'

/** What a trial changes about the world of a detector. */
export interface Tampering {
  /** What the detector is told that the transport carries. */
  readonly carries?: { readonly packets: boolean; readonly streams: boolean }
  /** What it is told of a ping; undefined: nothing. */
  readonly result?: (result: PingResult) => PingResult | undefined
  /** What it is told of a look. */
  readonly looked?: (result: LookResult) => LookResult
  /** How it sees the members. */
  readonly members?: (members: MemberView) => MemberView
  /** Called before each hook, and after it with the deeds in it; not for those that are called within another. */
  readonly before?: () => void
  readonly after?: (node: string, hook: string, deeds: number) => void
}

/** More calls of one node at one instant are a timer that is armed for now, for ever. */
const callsAtOnce = 2_000

/** A detector within a detector: hands everything on, and writes down what the inner one does. */
export class Watch {
  readonly deeds: Deed[] = []
  /** The latest of each name. */
  readonly nodes = new Map<string, WatchedNode>()
  readonly detector: Detector
  /** Hooks that are being called, one within the other. */
  depth = 0

  constructor(inner: Detector, tampering: Tampering = {}) {
    this.detector = {
      kind: 'detector',
      name: inner.name,
      api: 1,
      byPings: inner.byPings ?? false,
      attach: (context) => {
        const node = new WatchedNode(this, inner, context, tampering)
        this.nodes.set(node.name, node)
        return node
      },
    }
  }
}

const Tag = { Inner: 0, Command: 1 } as const

export class WatchedNode implements DetectorHooks {
  readonly name: string
  state: State = 'made'
  readonly #watch: Watch
  readonly #context: DetectorContext
  readonly #tampering: Tampering
  readonly #hooks: DetectorHooks
  /** Timers of the inner detector, by the number that stands for each. */
  readonly #timers = new Map<
    number,
    { readonly tag: number; readonly arg: number; readonly timer: DetectorTimer }
  >()
  /** Pings and looks under way, by the number that stands for each: its own number, and which start it was made in. */
  readonly #pings = new Map<number, { readonly arg: number; readonly start: number }>()
  readonly #commands: ((now: Millis) => void)[] = []
  #number = 0
  #starts = 0
  #now: Millis = 0
  #calls = 0

  constructor(watch: Watch, inner: Detector, context: DetectorContext, tampering: Tampering) {
    this.#watch = watch
    this.#context = context
    this.#tampering = tampering
    this.name = context.members.name(context.members.self)
    this.#hooks = this.#call('attach', 0, () => inner.attach(this.#contextOf(context)))
  }

  /** Timers that the inner detector has armed. */
  get armed(): number {
    return this.#timers.size
  }

  start(now: Millis): void {
    this.#starts++
    this.state = 'running'
    this.#call('start', now, () => this.#hooks.start(now))
  }

  stop(now: Millis): void {
    this.state = 'stopping'
    this.#call('stop', now, () => this.#hooks.stop(now))
    this.state = 'stopped'
    for (const { timer } of this.#timers.values()) this.#context.disarm(timer)
    this.#timers.clear()
    this.#pings.clear()
  }

  onTimer(tag: number, arg: number, now: Millis): void {
    if (tag === Tag.Command) {
      for (const command of this.#commands.splice(0)) command(now)
      return
    }
    const timer = this.#timers.get(arg)
    this.#timers.delete(arg)
    if (timer !== undefined) this.#call('onTimer', now, () => this.#hooks.onTimer(timer.tag, timer.arg, now))
  }

  onPing(result: PingResult, now: Millis): void {
    const ping = this.#pings.get(result.arg)
    if (result.outcome !== 'nack') this.#pings.delete(result.arg)
    if (ping === undefined || ping.start !== this.#starts || this.state !== 'running') return
    const told = { ...result, arg: ping.arg }
    const { result: tamper = (same) => same } = this.#tampering
    const given = tamper(told)
    if (given !== undefined) this.#call('onPing', now, () => this.#hooks.onPing?.(given, now))
  }

  onLook(result: LookResult, now: Millis): void {
    const look = this.#pings.get(result.arg)
    this.#pings.delete(result.arg)
    if (look === undefined || look.start !== this.#starts || this.state !== 'running') return
    const { looked = (same) => same } = this.#tampering
    const given = looked({ ...result, arg: look.arg })
    this.#call('onLook', now, () => this.#hooks.onLook?.(given, now))
  }

  onMessage(...[from, body, now]: Parameters<NonNullable<DetectorHooks['onMessage']>>): void {
    if (this.state !== 'running') return
    this.#call('onMessage', now, () => this.#hooks.onMessage?.(from, body, now))
  }

  onStatus(...[ref, before, after, now]: Parameters<NonNullable<DetectorHooks['onStatus']>>): void {
    this.#call('onStatus', now, () => this.#hooks.onStatus?.(ref, before, after, now))
  }

  onRecord(...[ref, before, now]: Parameters<NonNullable<DetectorHooks['onRecord']>>): void {
    this.#call('onRecord', now, () => this.#hooks.onRecord?.(ref, before, now))
  }

  /** Does something in the next input of the node's engine, which is to be called for it. */
  command(now: Millis, run: (now: Millis) => void): void {
    this.#commands.push(run)
    this.#context.arm(now, Tag.Command)
  }

  #contextOf(context: DetectorContext): DetectorContext {
    const { carries, members = (all) => all } = this.#tampering
    const nameOf = (ref: Ref): string | undefined =>
      context.members.has(ref) ? context.members.name(ref) : undefined
    const put = (act: Act, about?: Ref): void => {
      this.#watch.deeds.push({
        ...act,
        node: this.name,
        about: about === undefined ? undefined : nameOf(about),
        now: this.#now,
        state: this.state,
      })
    }
    return {
      ...context,
      members: members(context.members),
      packets: carries?.packets ?? context.packets,
      streams: carries?.streams ?? context.streams,
      arm: (at, tag, arg = 0) => {
        put({ what: 'arm', at })
        const number = this.#number++
        const timer = context.arm(at, Tag.Inner, number)
        this.#timers.set(number, { tag, arg, timer })
        return timer
      },
      disarm: (timer) => {
        context.disarm(timer)
        for (const [number, armed] of this.#timers) if (armed.timer === timer) this.#timers.delete(number)
      },
      ping: (ref, options, now) => {
        const incarnation = context.members.has(ref) ? context.members.incarnation(ref) : -1
        put({ what: 'ping', ref, options, incarnation }, ref)
        const number = this.#number++
        this.#pings.set(number, { arg: options.arg ?? 0, start: this.#starts })
        return context.ping(ref, { ...options, arg: number }, now)
      },
      look: (ref, options, now) => {
        put({ what: 'look', ref, options }, ref)
        const number = this.#number++
        this.#pings.set(number, { arg: options.arg ?? 0, start: this.#starts })
        return context.look(ref, { ...options, arg: number }, now)
      },
      send: (to, body, now) => {
        put({ what: 'send', ref: to, bytes: body.length }, to)
        context.send(to, body, now)
      },
      reachable: (seen, now, rtt) => {
        put({ what: 'reachable', seen }, seen.ref)
        context.reachable(seen, now, rtt)
      },
      unreachable: (seen, evidence, now) => {
        put({ what: 'unreachable', seen, evidence }, seen.ref)
        context.unreachable(seen, evidence, now)
      },
      adjustHealth: (delta) => {
        put({ what: 'adjustHealth', delta })
        context.adjustHealth(delta)
      },
    }
  }

  #call<T>(hook: string, now: Millis, call: () => T): T {
    this.#calls = now === this.#now ? this.#calls + 1 : 0
    this.#now = now
    check(
      this.#calls < callsAtOnce,
      contract.arm,
      () =>
        `${this.name} called ${callsAtOnce} hooks at one instant: a timer is armed for now, again and again`,
    )
    const watch = this.#watch
    const before = watch.deeds.length
    if (watch.depth++ === 0) this.#tampering.before?.()
    try {
      return call()
    } catch (error) {
      if (error instanceof ConformanceError) throw error
      throw new ConformanceError(`${hook} threw ${show(error)}`, contract.detector, { cause: error })
    } finally {
      if (--watch.depth === 0) this.#tampering.after?.(this.name, hook, watch.deeds.length - before)
    }
  }
}
