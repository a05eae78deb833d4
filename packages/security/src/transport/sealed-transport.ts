import { randomBytes } from 'node:crypto'
import type { Address, Connection, Sealer, Transport, TransportHandlers } from '@swimkit/core'
import { Frame } from './frame.ts'
import { streamIdBytes } from './records.ts'
import { SealedConnection } from './sealed-connection.ts'

export interface SealedTransportOptions {
  readonly sealer: Sealer
  /** Label of the cluster, authenticated with all that is sent: what another one has sealed is refused, whatever its keys. Default `default`. */
  readonly cluster?: string
}

/**
 * A transport whose packets and streams are sealed, for codecs that do not seal. Codecs of this project do, and are given the sealer as the node's `sealer`: with them this
 * would seal twice.
 *
 * Packets are `[header][sealed]`, which is `maxPacketBytes` less; streams are records, each bound to its place in its stream and to the stream, so that none can be cut
 * off, reordered, repeated or spliced in. A packet, or a stream from its first byte, can be sent again by who has recorded it, as to any codec: what the engine
 * says of that holds. What is refused is counted: `refusedPlain`, `refusedCluster`, `refusedVersion`, `refusedSealed`, `refusedStreams`.
 *
 * Both modes of the sealer are followed: plain packets and streams are let in as long as it does not verify what comes in.
 *
 * @throws RangeError on a cluster label of more than 255 bytes
 */
export function sealedTransport(
  inner: Transport,
  { cluster = 'default', sealer }: SealedTransportOptions,
): Transport {
  let frame = new Frame(cluster)
  const refused = { plain: 0, version: 0, cluster: 0, sealed: 0, streams: 0 }
  const surroundings = () => ({ sealer, frame, onFault: () => void refused.streams++ })
  const overhead = frame.length + sealer.overhead

  function wrapped(handlers: TransportHandlers): TransportHandlers {
    return {
      packet(from, bytes) {
        const fault = frame.packetFault(bytes)
        if (fault !== undefined) {
          if (fault.why === 'plain' && sealer.verifyIncoming === false) handlers.packet(from, bytes)
          else refused[fault.why]++
          return
        }
        const opened = sealer.open(bytes.subarray(frame.length), bytes.subarray(0, frame.length))
        if (opened instanceof Uint8Array) handlers.packet(from, opened)
        else refused.sealed++
      },
      connection(connection) {
        handlers.connection(new SealedConnection(connection, surroundings(), undefined))
      },
      fault: (error, fatal) => handlers.fault(error, fatal),
    }
  }

  async function dial(to: Address, signal: AbortSignal): Promise<Connection> {
    const connection = await inner.dial(to, signal)
    if (sealer.verifyOutgoing === false) return connection
    const streamId = new Uint8Array(randomBytes(streamIdBytes))
    const preamble = new Uint8Array(frame.length + streamIdBytes)
    preamble.set(frame.stream)
    preamble.set(streamId, frame.length)
    try {
      await connection.write(preamble)
    } catch (error) {
      connection.destroy()
      throw error
    }
    return new SealedConnection(connection, surroundings(), streamId)
  }

  return {
    kind: 'transport',
    name: `sealed-${inner.name}`,
    api: 1,
    maxPacketBytes: Math.max(0, inner.maxPacketBytes - overhead),
    streams: inner.streams,
    open(bind, handlers) {
      // Keys by sender go by it: another process is another sender.
      frame = new Frame(cluster)
      return inner.open(bind, wrapped(handlers))
    },
    send(to, packet) {
      if (sealer.verifyOutgoing === false) return inner.send(to, packet)
      const sealed = sealer.seal(packet, frame.packet)
      const bytes = new Uint8Array(frame.length + sealed.length)
      bytes.set(frame.packet)
      bytes.set(sealed, frame.length)
      inner.send(to, bytes)
    },
    dial,
    stats: () => ({
      ...inner.stats(),
      refusedPlain: refused.plain,
      refusedVersion: refused.version,
      refusedCluster: refused.cluster,
      refusedSealed: refused.sealed,
      refusedStreams: refused.streams,
    }),
    close: () => inner.close(),
  }
}
