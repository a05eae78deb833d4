/** What `stats()` of this transport counts. */
export interface TcpCounters {
  /** Streams that were dialled and accepted by the other end. */
  streamsDialled: number
  /** Dials that came to nothing, aborted ones included. */
  dialFailures: number
  /** Inbound streams handed to the node. */
  streamsAccepted: number
  /** Streams ended by their idle or total deadline. */
  streamTimeouts: number
  /** Inbound connections that made way for newer ones. */
  connectionsEvicted: number
  /** Inbound connections turned away, as all others were settled. */
  connectionsRefused: number
  /** The listening socket reported an error. */
  socketErrors: number

  packetsSent: number
  bytesSent: number
  packetsReceived: number
  bytesReceived: number
  /** Not sent: the host is no IP literal, or the port is not 1..65535. */
  badAddresses: number
  /** Not sent: larger than `maxPacketBytes`. */
  oversized: number
  /** Not sent: `maxQueuedBytes` were waiting for the destination. */
  overflows: number
  /** Not sent: the destination could not be connected to, or was given a rest after such a failure. */
  unconnected: number
  /** Outbound packet connections made. */
  packetConnectionsOpened: number
  /** Outbound packet connections given up because the other end fell silent. */
  packetConnectionsStalled: number
  /** Inbound packet connections. */
  packetConnectionsAccepted: number
  /** Inbound packet connections cut off for a bad preface or a frame larger than `maxPacketBytes`. */
  badFrames: number
}

export function newCounters(): TcpCounters {
  return {
    streamsDialled: 0,
    dialFailures: 0,
    streamsAccepted: 0,
    streamTimeouts: 0,
    connectionsEvicted: 0,
    connectionsRefused: 0,
    socketErrors: 0,
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    badAddresses: 0,
    oversized: 0,
    overflows: 0,
    unconnected: 0,
    packetConnectionsOpened: 0,
    packetConnectionsStalled: 0,
    packetConnectionsAccepted: 0,
    badFrames: 0,
  }
}
