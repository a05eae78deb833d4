import { type Address, type Connection, DialError, type Sealer } from '@swimkit/core'
import type { Frame } from './frame.ts'
import { RecordReader, RecordWriter, streamIdBytes } from './records.ts'

/** What both ends of a sealed stream share. */
export interface Surroundings {
  readonly sealer: Sealer
  readonly frame: Frame
  /** Something came that was not sealed as it should be, or not sealed. */
  readonly onFault: (remote: Address, detail: string) => void
}

/** What is known of the stream once the other end has said who it is. */
interface Met {
  /** Undefined: the other end does not seal, and is let in. */
  readonly reader: RecordReader | undefined
  readonly writer: RecordWriter | undefined
  /** Plain bytes that came with it. */
  readonly plain: Uint8Array
}

/**
 * A connection whose bytes are sealed on their way. Whoever dialled has sent its header and the id of the stream, and whoever answers sends its header before its first
 * record. An end that no record says is a reset: nobody on the way can cut a message short.
 */
export class SealedConnection implements Connection {
  readonly #inner: Connection
  readonly #with: Surroundings
  /** Of the end that dialled: known from the first. */
  readonly #dialled: { readonly streamId: Uint8Array; readonly writer: RecordWriter } | undefined
  #meeting: Promise<Met> | undefined
  #met: Met | undefined
  /** Written once, in front of the first record of the end that answers. */
  #preamble: Uint8Array
  #rest: Uint8Array | undefined
  #readToEnd = false
  /** Who the other end is, once something waits for that to be written. */
  #waiting: Promise<Met> | undefined
  #ended = false

  /** `streamId` where this end dialled, and has sent it; whoever answers reads it. */
  constructor(inner: Connection, surroundings: Surroundings, streamId: Uint8Array | undefined) {
    const { frame, sealer } = surroundings
    this.#inner = inner
    this.#with = surroundings
    this.#preamble = streamId === undefined ? frame.stream : noBytes
    this.#dialled = streamId && {
      streamId,
      writer: new RecordWriter(sealer, { header: frame.stream, streamId, from: 'dialler' }),
    }
  }

  get remote(): Address {
    return this.#inner.remote
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#readToEnd) return undefined
    const { plain, reader } = this.#met ?? (await this.#meet())
    if (reader === undefined) {
      const first = this.#rest ?? plain
      this.#rest = noBytes
      return first.length > 0 ? first : this.#inner.read()
    }
    for (;;) {
      const opened = reader.next()
      if (opened?.kind === 'bytes') return opened.bytes
      if (opened?.kind === 'fault') this.#refuse(opened.detail)
      if (opened?.kind === 'end') {
        this.#readToEnd = true
        return undefined
      }
      const chunk = await this.#inner.read()
      if (chunk === undefined) this.#refuse('it was cut short')
      reader.push(chunk)
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#ended) throw new DialError('reset', 'this end of the stream has ended')
    const writer = this.#dialled?.writer ?? (this.#met ?? (await this.#waitToWrite())).writer
    await this.#inner.write(writer === undefined ? chunk : writer.write(chunk, this.#takePreamble()))
  }

  settle(): void {
    this.#inner.settle()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    // What is to be written goes first; who is refused meanwhile is gone.
    if (this.#waiting === undefined) return this.#finish()
    this.#waiting.then(
      () => this.#finish(),
      () => undefined,
    )
  }

  #finish(): void {
    const writer = this.#dialled?.writer ?? this.#met?.writer
    if (writer === undefined) return this.#inner.end()
    this.#inner.write(writer.end(this.#takePreamble())).then(
      () => this.#inner.end(),
      () => this.#inner.destroy(),
    )
  }

  #waitToWrite(): Promise<Met> {
    this.#waiting = this.#meet()
    return this.#waiting
  }

  destroy(): void {
    this.#ended = true
    this.#inner.destroy()
  }

  /** Reads what the other end says first, once. */
  #meet(): Promise<Met> {
    this.#meeting ??= this.#hear().then((met) => {
      this.#met = met
      return met
    })
    return this.#meeting
  }

  async #hear(): Promise<Met> {
    const { frame, sealer } = this.#with
    const needed = frame.length + (this.#dialled === undefined ? streamIdBytes : 0)
    let head: Uint8Array = noBytes
    while (head.length < needed) {
      const chunk = await this.#inner.read()
      if (chunk === undefined) {
        if (head.length > 0) this.#refuse('it was cut short')
        if (this.#dialled === undefined && sealer.verifyIncoming === false) return nothing
        // Who only looks whether the port is open is not refused anything; and nobody is answered in plain for it.
        this.destroy()
        throw new DialError('reset', 'the stream ended before anything was said')
      }
      head = head.length === 0 ? chunk : concat(head, chunk)
      if (frame.isStream(head[0])) continue
      if (this.#dialled === undefined && sealer.verifyIncoming === false) {
        return { reader: undefined, writer: undefined, plain: head }
      }
      break
    }
    const fault = frame.streamFault(head)
    if (fault !== undefined) this.#refuse(fault.detail)
    const header = head.slice(0, frame.length)
    const streamId = this.#dialled?.streamId ?? head.slice(frame.length, needed)
    const answers = this.#dialled === undefined
    const reader = new RecordReader(sealer, { header, streamId, from: answers ? 'dialler' : 'listener' })
    reader.push(head.subarray(needed))
    const writer =
      this.#dialled?.writer ?? new RecordWriter(sealer, { header: frame.stream, streamId, from: 'listener' })
    return { reader, writer, plain: noBytes }
  }

  #takePreamble(): Uint8Array {
    const preamble = this.#preamble
    this.#preamble = noBytes
    return preamble
  }

  #refuse(detail: string): never {
    this.#with.onFault(this.#inner.remote, detail)
    this.destroy()
    throw new DialError('reset', `the stream was refused: ${detail}`)
  }
}

const noBytes = new Uint8Array(0)
/** The other end has gone, and had said nothing. */
const nothing: Met = { reader: undefined, writer: undefined, plain: noBytes }

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
