/** What `stats()` of this transport counts. */
export interface UdpCounters {
  packetsSent: number
  bytesSent: number
  packetsReceived: number
  bytesReceived: number
  /** Not sent: the host is no IP literal of the socket's family, or the port is not 1..65535. */
  badAddresses: number
  /** Not sent: larger than `maxPacketBytes`. */
  oversized: number
  /** Received and dropped: larger than `maxPacketBytes`. */
  oversizedReceived: number
  /** Not sent: `maxInFlight` sends were under way. */
  overflows: number
  /** The system refused a send. */
  sendErrors: number
  /** Sends repeated because the first try was told an earlier packet's error (Bun only). */
  resends: number
  /** The socket reported an error that belongs to no send. */
  socketErrors: number
}

export function newCounters(): UdpCounters {
  return {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    badAddresses: 0,
    oversized: 0,
    oversizedReceived: 0,
    overflows: 0,
    sendErrors: 0,
    resends: 0,
    socketErrors: 0,
  }
}
