import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { Stream } from './stream.ts'

/** As much of a socket as reading takes. */
class FakeSocket extends EventEmitter {
  paused = false
  destroyed = false
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  destroy(): void {
    this.destroyed = true
  }
}

it('reads ahead up to its bound, and on when there is room again', async () => {
  const socket = new FakeSocket()
  const limits = { idleTimeout: 60_000, streamTimeout: 60_000, readAheadBytes: 1_000 }
  // A stream that is only read asks nothing else of its socket.
  const stream = new Stream(socket as unknown as Socket, { host: '127.0.0.1', port: 1 }, limits, {
    timedOut: () => undefined,
  })
  onTestFinished(() => stream.destroy())
  const paused = [999, 1].map((size) => {
    socket.emit('data', new Uint8Array(size))
    return socket.paused
  })
  expect(paused).toEqual([false, true])
  await stream.read()
  expect(socket.paused).toBe(false)
})
