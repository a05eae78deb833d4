import { createRandom, swimCodec } from '@swimkit/core'

/** What comes that means nothing: noise, the beginnings of good packets, and good packets of another cluster. */
export const junkKinds = ['noise', 'truncated', 'other cluster'] as const
export type JunkKind = (typeof junkKinds)[number]

const variety = 64

/** Packets of a kind, to be sent in turns. */
export function junk(kind: JunkKind, seed = 1): Uint8Array[] {
  const random = createRandom([seed])
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
    case 'other cluster':
      return Array.from({ length: variety }, (_, i) => packet('another', i))
  }
}

/** As one member of a cluster sends to another: pings of nobody in particular, as many as fit. */
function packet(cluster: string, number: number): Uint8Array {
  const codec = swimCodec().open({
    cluster,
    sealer: undefined,
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
