import type { Socket } from 'node:net'
import { type Address, type Connection, DialError, formatAddress, type Millis } from '@swimkit/core'
import { brokenError } from './dial-error.ts'
import { Watchdog } from './watchdog.ts'

/** A chunk is written in pieces of so many bytes, for the idle deadline sees progress only between pieces. */
const PIECE = 65_536

export interface StreamLimits {
  readonly idleTimeout: Millis
  readonly streamTimeout: Millis
  readonly readAheadBytes: number
}

export interface StreamHooks {
  /** `settle` was called. */
  settled?(): void
  /** A deadline ended the stream. */
  timedOut(): void
}

/** A `Connection` over a connected socket with `allowHalfOpen`. It reads ahead so far, then lets the other end wait. */
export class Stream implements Connection {
  readonly remote: Address
  readonly #socket: Socket
  readonly #limits: StreamLimits
  readonly #hooks: StreamHooks
  readonly #watchdog: Watchdog
  readonly #unread: Uint8Array[] = []
  #unreadBytes = 0
  #ended = false
  #ending = false
  #failure: DialError | undefined
  #reader: Waiter<Uint8Array | undefined> | undefined
  #drained: Waiter<void> | undefined
  #writes: Promise<void> = Promise.resolve()

  constructor(socket: Socket, remote: Address, limits: StreamLimits, hooks: StreamHooks) {
    this.remote = remote
    this.#socket = socket
    this.#limits = limits
    this.#hooks = hooks
    this.#watchdog = new Watchdog(limits.idleTimeout, limits.streamTimeout, (missed) => this.#timeOut(missed))
    socket.on('data', (chunk: Uint8Array) => this.#take(chunk))
    socket.on('end', () => this.#takeEnd())
    socket.on('drain', () => this.#takeDrain())
    socket.on('error', (error) => this.#fail(brokenError(remote, error)))
    socket.on('close', () => this.#takeClose())
  }

  read(): Promise<Uint8Array | undefined> {
    const chunk = this.#unread.shift()
    if (chunk !== undefined) {
      this.#unreadBytes -= chunk.byteLength
      if (this.#unreadBytes < this.#limits.readAheadBytes) this.#socket.resume()
      return Promise.resolve(chunk)
    }
    if (this.#ended) return Promise.resolve(undefined)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#reader !== undefined) {
      return Promise.reject(new TypeError('read was called while another read waits: one call at a time'))
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#ending) {
      return Promise.reject(
        new DialError(
          'reset',
          `connection with ${formatAddress(this.remote)} was ended here: nothing more can be written`,
        ),
      )
    }
    const written = this.#writes.then(() => this.#writePieces(chunk))
    this.#writes = written.catch(ignore) // the caller is told; whoever writes next finds #failure
    return written
  }

  settle(): void {
    this.#hooks.settled?.()
  }

  end(): void {
    if (this.#ending) return
    this.#ending = true
    void this.#writes.then(() => this.#socket.end())
  }

  destroy(): void {
    this.#drop(new DialError('reset', `connection with ${formatAddress(this.remote)} was destroyed here`))
  }

  /** What the other end sent before `Stream` was made, because somebody had to look at it. */
  unshift(chunk: Uint8Array): void {
    this.#take(chunk)
  }

  async #writePieces(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; at += PIECE) {
      if (this.#failure !== undefined) throw this.#failure
      this.#watchdog.touch()
      if (this.#socket.write(chunk.subarray(at, at + PIECE))) continue
      await new Promise<void>((resolve, reject) => {
        this.#drained = { resolve, reject }
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #take(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    this.#watchdog.touch()
    const reader = this.#reader
    if (reader !== undefined) {
      this.#reader = undefined
      reader.resolve(chunk)
      return
    }
    this.#unread.push(chunk)
    this.#unreadBytes += chunk.byteLength
    if (this.#unreadBytes >= this.#limits.readAheadBytes) this.#socket.pause()
  }

  #takeEnd(): void {
    if (this.#socket.destroyed) return // Bun (1.4.5) tells of an end also when the socket was destroyed on this side
    this.#ended = true
    this.#reader?.resolve(undefined)
    this.#reader = undefined
  }

  #takeDrain(): void {
    this.#watchdog.touch()
    this.#drained?.resolve()
    this.#drained = undefined
  }

  #takeClose(): void {
    this.#watchdog.stop()
    this.#fail(new DialError('reset', `connection with ${formatAddress(this.remote)} was closed`))
  }

  #timeOut(missed: 'idle' | 'total'): void {
    const { idleTimeout, streamTimeout } = this.#limits
    const why = missed === 'idle' ? `was idle for ${idleTimeout} ms` : `took longer than ${streamTimeout} ms`
    this.#hooks.timedOut()
    this.#drop(new DialError('timeout', `connection with ${formatAddress(this.remote)} ${why}`))
  }

  /** Ends all at once: what was received and not read is lost. */
  #drop(why: DialError): void {
    this.#unread.length = 0
    this.#unreadBytes = 0
    if (!this.#socket.destroyed) this.#ended = false
    this.#watchdog.stop()
    this.#fail(why)
    this.#socket.destroy()
  }

  /** The first failure is the one told. What was received before can still be read. */
  #fail(why: DialError): void {
    this.#failure ??= why
    this.#reader?.reject(this.#failure)
    this.#reader = undefined
    this.#drained?.reject(this.#failure)
    this.#drained = undefined
  }
}

interface Waiter<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

function ignore(): void {}
