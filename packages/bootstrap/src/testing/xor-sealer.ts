import type { Sealer } from '@swimkit/core'

/** No cipher: it tells whether the key and the additional data are the same, which is all that tests ask of one. */
export function xorSealer(key: number): Sealer {
  const tag = (plain: Uint8Array, aad: Uint8Array): number =>
    [...plain, ...aad].reduce((sum, byte) => (Math.imul(sum, 31) + byte) & 0xff, key)
  return {
    overhead: 1,
    seal: (plain, aad) => Uint8Array.from([...plain.map((byte) => byte ^ key), tag(plain, aad)]),
    open(sealed, aad) {
      const plain = sealed.slice(0, -1).map((byte) => byte ^ key)
      return sealed.length > 0 && sealed.at(-1) === tag(plain, aad)
        ? plain
        : { fault: 'forged', detail: 'not what this key sealed' }
    },
  }
}
