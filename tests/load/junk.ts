import { createRandom, type Sealer, swimCodec } from '@swimkit/core'
import { aesGcm, Keyring } from '@swimkit/security'

/** What comes that means nothing: noise, the beginnings of good packets, and good packets of another cluster. */
export const junkKinds = ['noise', 'truncated', 'other cluster'] as const
/** And, where all is sealed: good packets but for the last byte, each by a sender of its own. None is cheaper to send and more work to refuse. */
export type JunkKind = (typeof junkKinds)[number] | 'forged'

const variety = 64

/** Packets of a kind, to be sent in turns. `key`: the group's, where it has one. */
export function junk(kind: JunkKind, key: string): Uint8Array[] {
  const random = createRandom([1])
  switch (kind) {
    case 'noise':
      return Array.from({ length: variety }, () =>
        Uint8Array.from({ length: 1 + random.below(1_400) }, () => random.below(256)),
      )
    case 'truncated':
      return Array.from({ length: variety }, (_, i) => {
        const whole = packet('default', i)
        return whole.subarray(0, 1 + random.below(whole.length - 1))
      })
    case 'forged':
      return Array.from({ length: 40 * variety }, (_, i) => {
        const whole = packet('default', i, aesGcm(new Keyring([key])))
        whole[whole.length - 1]! ^= 1
        return whole
      })
    case 'other cluster':
      return Array.from({ length: variety }, (_, i) => packet('another', i))
  }
}

/** As one member of a cluster sends to another: pings of nobody in particular, as many as fit. */
function packet(cluster: string, number: number, sealer?: Sealer): Uint8Array {
  const codec = swimCodec().open({
    cluster,
    sealer,
    maxPacketBytes: 1_400,
    maxStreamBytes: 2 ** 20,
  })
  const pings = Array.from({ length: 20 }, (_, i) =>
    codec.encode({ type: 'ping', seq: number + i, target: `nobody-${i}`, boot: undefined }),
  )
  return codec.bundle(
    { name: `stranger-${number}`, boot: BigInt(number + 1), incarnation: 1 },
    pings,
    undefined,
  )
}
