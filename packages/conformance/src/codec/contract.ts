import type { Clause } from '../case/check.ts'

const clause = (of: string, says: string): Clause => ({ of, says })

/** What `Codec`, `StreamReader` and `Sealer` promise, in the words of their documentation. */
export const contract = {
  api: clause('pluginApi', 'The contract that this build speaks with its plugins.'),
  codec: clause('Codec', 'Turns messages into bytes and back'),
  total: clause(
    'Codec',
    'Decoding is total: hostile bytes yield a Fault, never an exception and never part of a message.',
  ),
  encode: clause(
    'Codec.encode',
    'One message as it rides in a packet: encoded once, queued and sent many times.',
  ),
  size: clause(
    'Codec.bundle',
    "It is at most `bundleOverhead(sender)`, plus each part's length and `partOverhead`.",
  ),
  overhead: clause(
    'Codec.bundleOverhead',
    'Bytes of a packet with no parts, at most: with sealing, also while nothing is sealed.',
  ),
  decoded: clause(
    'Decoded',
    "A packet's content: who sent it, if the format says so, and its messages in order.",
  ),
  fault: clause('FaultKind', 'Why bytes were not understood. Each has a counter; none is an exception.'),
  stream: clause(
    'StreamReader',
    'Reads one message from the chunks of a stream. Bounded, and never parses the same bytes twice.',
  ),
  push: clause(
    'StreamReader.push',
    'The message once it is whole; undefined while it is not; a fault ends the stream.',
  ),
  chunks: clause(
    'Codec.encodeStream',
    'One message for a stream, in chunks of at most about 64 KiB, made as they are taken: to be taken once.',
  ),
  cluster: clause(
    'CodecContext.cluster',
    'Label on every packet and stream; bytes of another cluster are a fault of kind `cluster`.',
  ),
  maxPacketBytes: clause('CodecContext.maxPacketBytes', 'Largest packet to accept, in bytes.'),
  maxStreamBytes: clause(
    'CodecContext.maxStreamBytes',
    'Largest message of a stream to accept, in bytes as decoded.',
  ),
  limits: clause('limits of the wire', 'Decoding refuses more with a fault; encoding more is a RangeError'),
  errorText: clause('maxErrorBytes', 'Longer text is cut on the way out, at the end of a character.'),
  sealer: clause('Sealer', 'Authenticated encryption of whole packets and stream records.'),
  modes: clause(
    'Sealer.verifyOutgoing',
    'Whether what this node sends is sealed; without it that is plain, as of a node that has no sealer.',
  ),
  aad: clause('Sealer.seal', "Its bytes 2 to 9 are the sender's boot, for keys by sender."),
} as const satisfies Record<string, Clause>
