import type { Delivery, EngineEvent, OperationResult } from '../engine/effects.ts'
import { createEngine, type Engine, type EngineOptions } from '../engine/engine.ts'
import type { Millis } from '../engine/time.ts'
import type { Address } from '../model/address.ts'
import { type Fault, isFault, type StreamMessage } from '../wire/codec.ts'
import type { Host } from './host.ts'
import { Operations } from './operations.ts'
import { Pace } from './pace.ts'
import type { PacketLoss } from './packet-loss.ts'
import type { Refusals } from './refusals.ts'
import type { Streams } from './streams.ts'
import type { Transport } from './transport.ts'

/** What a driver is given beside the engine's options. */
export interface Surroundings {
  readonly host: Host
  readonly transport: Transport
  readonly streams: Streams
  readonly loss: PacketLoss
  readonly refusals: Refusals
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
  readonly #refusals: Refusals
  #stopped = false

  constructor(options: Omit<EngineOptions, 'effects'>, surroundings: Surroundings) {
    const { host, loss, onDelivery, onEvent, refusals, streams, transport } = surroundings
    this.#with = surroundings
    this.#refusals = refusals
    this.engine = createEngine({
      ...options,
      effects: {
        send: (to, packet) => {
          if (!loss.out()) transport.send(to, packet)
        },
        request: (to, parts, token, limit) => {
          void streams.request(to, parts, limit).then((outcome) => {
            if (outcome.kind === 'fault') refusals.answer(to, outcome.fault)
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
    const fault = this.engine.receive(from, bytes, this.#with.host.now())
    if (fault !== undefined) this.#refusals.packet(from, fault)
    this.#after()
  }

  /** A request has arrived over a stream from there; returns the answer. */
  request(from: Address, request: StreamMessage | Fault): Iterable<Uint8Array> {
    if (this.#stopped) return []
    if (isFault(request)) {
      this.#refusals.stream(from, request)
      return this.engine.refuse(request)
    }
    const reply = this.engine.exchange(request, this.#with.host.now(), from)
    this.#after()
    return reply
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
