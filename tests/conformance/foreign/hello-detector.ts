import {
  type ByteReader,
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type Millis,
  type Observation,
  type Ref,
  roundRobin,
  Status,
} from '@swimkit/core'

const Tag = { Period: 0, Again: 1 } as const
const Word = { Hello: 1, Here: 2 } as const

/** Asked so often for one look. */
const asks = 3

interface Look {
  readonly number: number
  readonly seen: Observation
  asked: number
}

/** A detector that uses no ping of the core: it asks and answers by messages of its own. */
export function helloDetector(): Detector {
  return { kind: 'detector', name: 'hello', api: 1, attach: (context) => new Hello(context) }
}

class Hello implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #turns: { next(): Ref | undefined }
  #look: Look | undefined
  #number = 0

  constructor(context: DetectorContext) {
    this.#context = context
    this.#turns = context.schedule(roundRobin)
  }

  start(now: Millis): void {
    const { random, settings } = this.#context
    this.#context.arm(now + random.fraction() * settings.probeInterval, Tag.Period)
  }

  stop(): void {
    this.#look = undefined
  }

  onTimer(tag: number, arg: number, now: Millis): void {
    if (tag === Tag.Again) {
      if (this.#look?.number === arg) this.#ask(this.#look, now)
      return
    }
    const { members, settings } = this.#context
    const last = this.#look
    if (last !== undefined && members.has(last.seen.ref) && members.status(last.seen.ref) <= Status.Suspect) {
      this.#context.unreachable(last.seen, 'timeout', now)
    }
    this.#context.arm(now + settings.probeInterval, Tag.Period)
    const ref = this.#turns.next()
    this.#look = undefined
    if (ref === undefined) return
    const seen = { ref, incarnation: members.incarnation(ref), boot: members.record(ref).boot }
    this.#look = { number: ++this.#number & 0xffff, seen, asked: 0 }
    this.#ask(this.#look, now)
  }

  onMessage(from: Ref | undefined, body: ByteReader, now: Millis): void {
    const [word, number] = [body.u8(), body.u16()]
    if (!body.ok || from === undefined) return
    if (word === Word.Hello) this.#say(from, Word.Here, number, now)
    else if (word === Word.Here && this.#look?.seen.ref === from && this.#look.number === number) {
      this.#context.reachable(this.#look.seen, now)
      this.#look = undefined
    }
  }

  #ask(look: Look, now: Millis): void {
    if (!this.#context.members.has(look.seen.ref)) return
    this.#say(look.seen.ref, Word.Hello, look.number, now)
    if (++look.asked < asks) {
      const pause = this.#context.settings.probeInterval / (asks + 1)
      this.#context.arm(now + pause, Tag.Again, look.number)
    }
  }

  #say(to: Ref, word: number, number: number, now: Millis): void {
    this.#context.send(to, Uint8Array.of(word, number >>> 8, number & 0xff), now)
  }
}
