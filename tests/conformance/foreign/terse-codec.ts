import { type CodecPlugin, isFault, type Message, type PeerRecord, swimCodec } from '@swimkit/core'

/**
 * A codec with little to say, as that of another system may be: no sender, no boot, no digest, no custom messages, syncs over
 * streams only. Not wrong.
 */
export function terseCodec(): CodecPlugin {
  return {
    kind: 'codec',
    name: 'terse',
    api: 1,
    open: (context) => {
      const codec = swimCodec().open({ ...context, sealer: undefined, cluster: '' })
      const nobody = { name: 'nobody', boot: 0n, incarnation: 0 }
      return {
        partOverhead: 0,
        digests: false,
        encode: (message) => codec.encode(inFewerWords(message, 'packet') ?? unsaid(message)),
        bundle: (_sender, parts, to) => codec.bundle(nobody, parts, to),
        bundleOverhead: () => codec.bundleOverhead(nobody),
        decode: (packet) => {
          const decoded = codec.decode(packet)
          return isFault(decoded) ? decoded : { ...decoded, sender: undefined }
        },
        encodeStream: (_sender, message) => {
          if (message.type !== 'sync') {
            return codec.encodeStream(nobody, inFewerWords(message, 'stream') ?? unsaid(message))
          }
          function* entries() {
            for (const entry of message.type === 'sync' ? message.entries : []) {
              yield { ...entry, record: withoutBoot(entry.record) }
            }
          }
          return codec.encodeStream(nobody, { ...message, entries: entries() })
        },
        streamReader: () => {
          const reader = codec.streamReader()
          return {
            push: (chunk) => {
              const read = reader.push(chunk)
              return read === undefined || isFault(read) ? read : { ...read, sender: undefined }
            },
          }
        },
      }
    },
  }
}

/** What arrives of a message; undefined where it cannot be said. */
export function inFewerWords(message: Message, over: 'packet' | 'stream'): Message | undefined {
  switch (message.type) {
    case 'custom':
    case 'config':
      return undefined
    case 'ping':
      return { ...message, boot: undefined }
    case 'pingReq':
      return { ...message, targets: message.targets.map((target) => ({ ...target, boot: undefined })) }
    case 'alive':
      return { ...message, record: withoutBoot(message.record) }
    case 'sync':
      if (over === 'packet') return undefined
      return {
        ...message,
        entries: [...message.entries].map((entry) => ({ ...entry, record: withoutBoot(entry.record) })),
      }
    default:
      return message
  }
}

const withoutBoot = (record: PeerRecord): PeerRecord => ({ ...record, boot: 0n })

function unsaid(message: Message): never {
  throw new TypeError(`this format says no ${message.type}`)
}
