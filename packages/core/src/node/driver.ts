import type { Delivery, EngineEvent, OperationResult } from '../engine/effects.ts'
import { createEngine, type Engine, type EngineOptions } from '../engine/engine.ts'
import type { Millis } from '../engine/time.ts'
import type { Address } from '../model/address.ts'
import { RareSet } from '../model/rare-set.ts'
import { type Fault, isFault, type StreamMessage } from '../wire/codec.ts'
import type { Logger } from './api.ts'
import type { Host } from './host.ts'
import { Operations } from './operations.ts'
import { Pace } from './pace.ts'
import type { PacketLoss } from './packet-loss.ts'
import type { Streams } from './streams.ts'
import type { Transport } from './transport.ts'

/** What a stream is refused for is said aloud again after so long, and of so many reasons at once. */
const reminder: Millis = 600_000
const mostComplaints = 32

/** What a driver is given beside the engine's options. */
export interface Surroundings {
  readonly host: Host
  readonly transport: Transport
  readonly streams: Streams
  readonly loss: PacketLoss
  readonly logger: Logger | undefined
  /** A change is committed; the input that led to it goes on. */
  readonly onEvent: (event: EngineEvent) => void
  /** Others have said something. */
  readonly onDelivery: (delivery: Delivery) => void
  /** An input has come to its end. */
  readonly afterInput: () => void
}

/** Runs an engine on a host and a transport, until it is stopped: every input to the engine comes through here. */
export class Driver {
  readonly engine: Engine
  readonly #with: Surroundings
  readonly #operations = new Operations()
  readonly #pace: Pace
  /** What streams were refused for lately, as far as it was said aloud. */
  readonly #complaints = new RareSet<string>()
  #complainingSince = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: Omit<EngineOptions, 'effects'>, surroundings: Surroundings) {
    const { host, loss, onDelivery, onEvent, streams, transport } = surroundings
    this.#with = surroundings
    this.engine = createEngine({
      ...options,
      effects: {
        send: (to, packet) => {
          if (!loss.out()) transport.send(to, packet)
        },
        request: (to, parts, token, limit) => {
          void streams.request(to, parts, limit).then((outcome) => {
            this.call((engine, now) => engine.settled(token, outcome, now))
          })
        },
        event: onEvent,
        deliver: onDelivery,
        done: (operation, result) => this.#operations.done(operation, result),
      },
    })
    this.#pace = new Pace(host, this.engine, options.settings.probeTimeout, () =>
      this.call((engine, now) => engine.tick(now)),
    )
  }

  /** Late ticks that waited for a look at the sockets. */
  get latePolls(): number {
    return this.#pace.polls
  }

  /** A packet has arrived. */
  packet(from: Address, bytes: Uint8Array): void {
    if (this.#stopped) return
    this.#pace.onPacket()
    this.engine.receive(from, bytes, this.#with.host.now())
    this.#after()
  }

  /** A request has arrived over a stream; returns the answer. */
  request(request: StreamMessage | Fault): Iterable<Uint8Array> {
    if (this.#stopped) return []
    if (isFault(request)) {
      this.#complain(request)
      return this.engine.refuse(request)
    }
    const reply = this.engine.exchange(request, this.#with.host.now())
    this.#after()
    return reply
  }

  /** Of a cluster that knocks for life, say, there is a line every now and then. */
  #complain({ detail, fault }: Fault): void {
    const { host, logger } = this.#with
    const now = host.now()
    if (now - this.#complainingSince >= reminder) {
      this.#complainingSince = now
      this.#complaints.clear()
    }
    // Others choose what it says: a flood of new reasons is no reason for a flood of lines.
    const aloud = !this.#complaints.has(detail) && this.#complaints.size < mostComplaints
    if (aloud) this.#complaints.add(detail)
    logger?.log(aloud ? 'warn' : 'debug', `refused a stream: ${detail}`, { fault })
  }

  /** Any other input, made there and then; none once it is stopped. */
  call(input: (engine: Engine, now: Millis) => void): void {
    if (this.#stopped) return
    input(this.engine, this.#with.host.now())
    this.#after()
  }

  /** Starts an operation, and resolves with what came of it; rejects with the signal's reason, or the stop's. */
  run(start: (engine: Engine, now: Millis) => number, signal?: AbortSignal): Promise<OperationResult> {
    const { engine } = this
    const result = this.#operations.run(
      () => start(engine, this.#with.host.now()),
      (operation) => engine.abandon(operation),
      signal,
    )
    this.#after()
    return result
  }

  /** Lets nothing more in; operations that are under way reject with the reason. The engine is still there to be read. */
  stop(reason: Error): void {
    this.#stopped = true
    this.#pace.stop()
    this.#operations.rejectAll(reason)
  }

  #after(): void {
    this.#pace.schedule()
    this.#with.afterInput()
  }
}
