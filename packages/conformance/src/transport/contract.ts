import type { Clause } from '../case/check.ts'

const clause = (of: string, says: string): Clause => ({ of, says })

/** What `Transport` and `Connection` promise, in the words of their documentation. */
export const contract = {
  api: clause('pluginApi', 'The contract that this build speaks with its plugins.'),
  maxPacketBytes: clause(
    'Transport.maxPacketBytes',
    'Largest packet it carries, in bytes; 0: it carries no packets.',
  ),
  streams: clause('Transport.streams', 'Whether it carries streams.'),
  bind: clause('Transport.open', 'Binds, and returns the bound address. Port 0 picks a free one.'),
  bindError: clause('Transport.open', 'Rejects with a BindError.'),
  again: clause('Transport', 'It may be opened again after `close`.'),
  send: clause(
    'Transport.send',
    'Fire and forget: never throws, before `open` and after `close` does nothing.',
  ),
  received: clause(
    'TransportHandlers.packet',
    "A packet arrived. The bytes are the receiver's own until it returns.",
  ),
  connection: clause('TransportHandlers.connection', 'Somebody dialled.'),
  fault: clause(
    'TransportHandlers.fault',
    'A socket error: transient ones are to be counted; after a fatal one the transport no longer works.',
  ),
  dial: clause('Transport.dial', "Rejects with a DialError, or with the signal's reason when it is aborted."),
  refused: clause('StreamFailure', '`refused` alone means that nobody listens there.'),
  stats: clause('TransportStats', 'Counters of a transport, pulled when somebody asks.'),
  counted: clause('docs/design.md, Bounds', 'Everything that a network can fill has a limit and a counter'),
  uncut: clause('docs/design.md, Bounds', 'a fault; nothing is truncated'),
  close: clause('Transport.close', 'Ends all connections and frees the port. Harmless when called again.'),
  bytes: clause('Connection', 'Raw bytes both ways.'),
  remote: clause('Connection.remote', "The other end's socket address; of no meaning as an identity."),
  read: clause(
    'Connection.read',
    "The next chunk; undefined at the other end's end of stream. Rejects with a DialError on reset or deadline.",
  ),
  write: clause('Connection.write', 'Resolves when the next chunk may be written. Rejects with a DialError.'),
  written: clause('Connection.write', "The bytes are the connection's own from here on."),
  end: clause('Connection.end', 'Sends what is written, then ends. Harmless when called again.'),
  destroy: clause('Connection.destroy', 'Drops the connection at once. Harmless when called again.'),
} as const satisfies Record<string, Clause>
