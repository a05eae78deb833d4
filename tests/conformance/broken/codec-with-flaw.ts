import {
  type Codec,
  type CodecContext,
  type CodecPlugin,
  isFault,
  type Message,
  type StreamReader,
  swimCodec,
} from '@swimkit/core'

/** What is wrong with one. */
export type CodecFlaw =
  | 'speaks another contract'
  | 'loses the payload of acks'
  | 'swaps the messages of a packet'
  | 'foretells a byte too few'
  | 'writes into the parts that it sends'
  | 'hands out views of the packet'
  | 'does not notice a new incarnation'
  | 'throws for short packets'
  | 'gives what it could read of a bad packet'
  | 'gives faults that nobody knows'
  | 'does not read the rest of a packet'
  | 'reads no packet after a bad one'
  | 'starts over with each chunk'
  | 'goes on after a fault'
  | 'has one reader for all streams'
  | 'reads a table before it is asked'
  | 'writes a stream in one chunk'
  | 'takes packets of any size'
  | 'takes streams of any size'
  | 'takes packets of any cluster'
  | 'encodes what is out of range'
  | SealingFlaw

/** What only a sealer brings to light. */
export type SealingFlaw =
  | 'seals nothing'
  | 'takes what is not sealed'
  | 'reads all from the start with each chunk'

/** The `swim` codec, made wrong. */
export function codecWithFlaw(flaw: CodecFlaw): CodecPlugin {
  return {
    kind: 'codec',
    name: 'swim',
    // What another contract would say: no 1.
    api: (flaw === 'speaks another contract' ? 2 : 1) as 1,
    open: (context) => new FlawedCodec(flaw, context),
  }
}

class FlawedCodec implements Codec {
  readonly partOverhead = 0
  readonly digests = true
  readonly #flaw: CodecFlaw
  readonly #right: Codec
  readonly #plain: Codec
  readonly #sealed: boolean
  #shared: StreamReader
  #last: Parameters<Codec['bundle']>[0] | undefined
  #broken = false

  constructor(flaw: CodecFlaw, context: CodecContext) {
    const open = swimCodec().open
    this.#flaw = flaw
    this.#sealed = context.sealer !== undefined
    this.#plain = open({ ...context, sealer: undefined })
    this.#right = open({
      ...context,
      ...(flaw === 'takes packets of any size' ? { maxPacketBytes: 1 << 30 } : {}),
      ...(flaw === 'takes streams of any size' ? { maxStreamBytes: 1 << 30 } : {}),
      ...(flaw === 'takes packets of any cluster' && context.cluster.length < 20 ? { cluster: 'any' } : {}),
      ...(flaw === 'seals nothing' ? { sealer: undefined } : {}),
    })
    this.#shared = this.#right.streamReader()
  }

  encode(message: Message): Uint8Array {
    if (this.#flaw === 'loses the payload of acks' && message.type === 'ack') {
      return this.#right.encode({ ...message, payload: undefined })
    }
    try {
      return this.#right.encode(message)
    } catch (error) {
      if (this.#flaw === 'encodes what is out of range') return new Uint8Array(1)
      throw error
    }
  }

  bundle(...[sender, parts, to]: Parameters<Codec['bundle']>): Uint8Array {
    const last = this.#last
    const same = last !== undefined && last.name === sender.name && last.boot === sender.boot
    const from = same && this.#flaw === 'does not notice a new incarnation' ? last : sender
    this.#last = from
    const packet = this.#right.bundle(from, parts, to)
    if (this.#flaw === 'writes into the parts that it sends') for (const part of parts) part[0] = 0
    return packet
  }

  bundleOverhead(...[sender]: Parameters<Codec['bundleOverhead']>): number {
    return this.#right.bundleOverhead(sender) - (this.#flaw === 'foretells a byte too few' ? 1 : 0)
  }

  decode(packet: Uint8Array): ReturnType<Codec['decode']> {
    const flaw = this.#flaw
    if (flaw === 'throws for short packets' && packet.length < 12) throw new RangeError('too short')
    if (flaw === 'does not read the rest of a packet' && packet.length > 30) {
      const cut = this.#right.decode(packet.subarray(0, -1))
      if (!isFault(cut)) return cut
    }
    const decoded = this.#right.decode(packet)
    if (isFault(decoded)) {
      if (flaw === 'takes what is not sealed' && decoded.fault === 'plain') return this.#plain.decode(packet)
      if (flaw === 'gives what it could read of a bad packet' && decoded.fault === 'malformed') {
        return { sender: undefined, messages: [], skipped: 0 }
      }
      if (flaw === 'gives faults that nobody knows' && decoded.fault === 'malformed') {
        return { fault: 'broken' as 'malformed', detail: '' } // not in the list
      }
      if (flaw === 'reads no packet after a bad one') this.#broken = true
      return decoded
    }
    if (this.#broken) return { fault: 'malformed', detail: 'something was wrong before' }
    if (flaw === 'swaps the messages of a packet') {
      return { ...decoded, messages: [...decoded.messages].reverse() }
    }
    const [message, ...more] = decoded.messages
    const alone = more.length === 0 && !this.#sealed
    if (flaw === 'hands out views of the packet' && alone && message?.type === 'user') {
      const end = packet.length - 4
      return { ...decoded, messages: [{ ...message, body: packet.subarray(end - message.body.length, end) }] }
    }
    return decoded
  }

  *encodeStream(...[sender, message]: Parameters<Codec['encodeStream']>): Generator<Uint8Array> {
    const early = this.#flaw === 'reads a table before it is asked' && message.type === 'sync'
    const sent = early ? { ...message, entries: [...message.entries] } : message
    const chunks = this.#right.encodeStream(sender, sent)
    if (this.#flaw === 'writes a stream in one chunk') yield concat([...chunks])
    else yield* chunks
  }

  #pushShared(chunk: Uint8Array): ReturnType<StreamReader['push']> {
    const outcome = this.#shared.push(chunk)
    if (outcome !== undefined) this.#shared = this.#right.streamReader()
    return outcome
  }

  streamReader(): StreamReader {
    const flaw = this.#flaw
    if (flaw === 'has one reader for all streams') return { push: (chunk) => this.#pushShared(chunk) }
    let reader = this.#right.streamReader()
    let all: Uint8Array = new Uint8Array(0)
    return {
      push: (chunk) => {
        if (flaw === 'starts over with each chunk') reader = this.#right.streamReader()
        if (flaw === 'reads all from the start with each chunk') {
          all = concat([all, chunk])
          return this.#right.streamReader().push(all)
        }
        const outcome = reader.push(chunk)
        if (outcome === undefined || !isFault(outcome)) return outcome
        if (flaw === 'goes on after a fault') reader = this.#right.streamReader()
        return outcome
      },
    }
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
