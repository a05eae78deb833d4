import type { Socket } from 'node:net'
import type { Address, Millis } from '@swimkit/core'
import type { TcpCounters } from '../counters.ts'
import { Watchdog } from '../watchdog.ts'
import { ANSWER, FrameReader } from './frame.ts'

export interface ReceiveSettings {
  readonly maxPacketBytes: number
  readonly packetIdleTimeout: Millis
}

export interface ReceiveHooks {
  packet(from: Address, bytes: Uint8Array): void
  /** A first packet has arrived. */
  settled(): void
}

/** Reads the packets of an inbound packet connection, of which `first` was already read. */
export function receivePackets(
  socket: Socket,
  remote: Address,
  first: Uint8Array,
  settings: ReceiveSettings,
  counters: TcpCounters,
  hooks: ReceiveHooks,
): void {
  const frames = new FrameReader(settings.maxPacketBytes)
  // Twice the sender's, so that it is the sender who closes: it knows what it has under way.
  const watchdog = new Watchdog(2 * settings.packetIdleTimeout, Number.POSITIVE_INFINITY, () =>
    socket.destroy(),
  )
  let delivered = 0

  const deliver = (packet: Uint8Array): void => {
    if (socket.destroyed) return // the receiver of an earlier packet may have closed the transport
    delivered++
    counters.packetsReceived++
    counters.bytesReceived += packet.byteLength
    hooks.packet(remote, packet)
  }
  const take = (chunk: Uint8Array): void => {
    const before = delivered
    const sound = frames.push(chunk, deliver)
    if (!sound) {
      counters.badFrames++
      socket.destroy()
    } else if (delivered > before && !socket.destroyed) {
      watchdog.touch()
      hooks.settled()
      // One who sends and never reads gets no second answer: nothing piles up here.
      if (socket.writableLength === 0) socket.write(ANSWER)
    }
  }

  counters.packetConnectionsAccepted++
  socket.on('data', take)
  socket.on('end', () => socket.end())
  socket.on('close', () => watchdog.stop())
  take(first)
}
