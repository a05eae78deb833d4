/** What the network carried, and what became of it. */
export class Traffic {
  /** Packets that were sent, and their bytes. */
  packets = 0
  bytes = 0
  delivered = 0
  lost = 0
  duplicated = 0
  /** Stopped by a partition. */
  cut = 0
  /** Larger than a link carries. */
  oversize = 0
  /** Nobody listened. */
  unheard = 0
  /** Dropped at a node that stood still for too long. */
  inboxFull = 0
  /** Requests and replies over streams, and their bytes. */
  streamMessages = 0
  streamBytes = 0
}
