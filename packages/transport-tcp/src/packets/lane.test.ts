import { EventEmitter } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { newCounters } from '../counters.ts'
import { frame, PREFACE } from './frame.ts'
import { Lane } from './lane.ts'

/** As much of a socket as a lane needs, of which nothing leaves that is written. */
class StuckSocket extends EventEmitter {
  writableLength = 0
  write(bytes: Uint8Array): void {
    this.writableLength += bytes.byteLength
  }
  end(): void {
    this.emit('close')
  }
  destroy(): void {
    this.emit('close')
  }
}

const packet = new Uint8Array(98)
const framed = frame(packet).byteLength

it.each([
  ['before there is a connection', 0],
  ['on one from which nothing leaves', PREFACE.byteLength],
])('what waits %s is bounded: one packet more is dropped and counted', async (_, before) => {
  const counters = newCounters()
  const settings = { maxQueuedBytes: before + 3 * framed, packetIdleTimeout: 60_000 }
  const socket = new StuckSocket()
  const connected = before === 0 ? new Promise<never>(() => undefined) : Promise.resolve(socket)
  // A lane asks nothing else of its socket.
  const lane = new Lane({ host: '127.0.0.1', port: 1 }, settings, counters, () => connected as Promise<never>)
  onTestFinished(() => lane.close())
  lane.send(packet)
  await Promise.resolve()
  await Promise.resolve()
  for (let i = 0; i < 2; i++) lane.send(packet)
  expect(counters.overflows).toBe(0)
  lane.send(packet)
  expect(counters.overflows).toBe(1)
  expect(socket.writableLength).toBe(before === 0 ? 0 : before + 3 * framed)
})
