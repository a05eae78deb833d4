import { isFault, type Sender, swimCodec, type Unopened } from '@swimkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AesGcm, aesGcm } from './aes-gcm.ts'
import { Keyring } from './keyring.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const key = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill)
/** What a header is: two bytes, the boot, and more. */
const header = (boot: number, text = 'label'): Uint8Array => {
  const bytes = new Uint8Array(11 + text.length)
  bytes.set([0xd1, 1, ...new Array(7).fill(0), boot, text.length])
  bytes.set(new TextEncoder().encode(text), 11)
  return bytes
}
/** The bytes themselves: Node's are a Buffer. */
const opened = (bytes: Uint8Array | Unopened): Uint8Array | Unopened =>
  bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes
const plain = new TextEncoder().encode('something that nobody else is to read')

describe('what is sealed', () => {
  test('is opened with the same key and header, whatever its size and that of the key', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 24, 32),
        fc.uint8Array({ maxLength: 2_000 }),
        fc.nat(255),
        (size, bytes, boot) => {
          const sealed = aesGcm(new Keyring([key(1, size)])).seal(bytes, header(boot))
          expect(sealed.length).toBe(bytes.length + 32)
          expect(opened(aesGcm(new Keyring([key(1, size)])).open(sealed, header(boot)))).toEqual(bytes)
        },
      ),
    )
  })

  test('shows nothing of what it is, and is another each time', () => {
    const sealer = aesGcm(new Keyring([key(1)]))
    const [first, second] = [sealer.seal(plain, header(1)), sealer.seal(plain, header(1))]
    expect(first).not.toEqual(second)
    expect(Buffer.from(first).includes(Buffer.from(plain.subarray(0, 8)))).toBe(false)
  })

  test('is not opened where a bit of it, of its header or of its sender has changed', () => {
    const sealer = aesGcm(new Keyring([key(1)]))
    const sealed = sealer.seal(plain, header(1))
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at]! ^= 1 << (at % 8)
      expect(sealer.open(changed, header(1)), `byte ${at}`).toMatchObject({
        fault: at < 4 ? 'unknown-key' : 'forged',
      })
    }
    for (let at = 0; at < header(1).length; at++) {
      const other = header(1)
      other[at]! ^= 1
      expect(sealer.open(sealed, other), `byte ${at} of the header`).toMatchObject({ fault: 'forged' })
    }
    expect(sealer.open(sealed, header(1, 'another label'))).toMatchObject({ fault: 'forged' })
    expect(sealer.open(sealed, header(1))).toBeInstanceOf(Uint8Array)
  })

  test('never opens to anything where it is noise', () => {
    const sealer = aesGcm(new Keyring([key(1)]))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(sealer.open(bytes, header(1))).toHaveProperty('fault')
      }),
    )
  })

  test('by one process cannot be passed off as sealed by another', () => {
    const sealer = aesGcm(new Keyring([key(1)]))
    expect(sealer.open(sealer.seal(plain, header(1)), header(2))).toMatchObject({ fault: 'forged' })
  })

  test('never has the same nonce under the same key, whichever sealer of the process made it', () => {
    const ring = new Keyring([key(1)])
    const nonces = new Set<string>()
    for (const sealer of [aesGcm(ring), aesGcm(ring)]) {
      for (let i = 0; i < 1_000; i++) {
        nonces.add(Buffer.from(sealer.seal(plain, header(1)).subarray(4, 16)).toString('hex'))
      }
    }
    expect(nonces.size).toBe(2_000)
  })
})

describe('a rotation', () => {
  test('keeps both sides able to open each other at every step', () => {
    const [one, other] = [new Keyring([key(1)]), new Keyring([key(1)])]
    const [a, b] = [aesGcm(one), aesGcm(other)]
    const both = () => {
      expect(b.open(a.seal(plain, header(1)), header(1))).toBeInstanceOf(Uint8Array)
      expect(a.open(b.seal(plain, header(2)), header(2))).toBeInstanceOf(Uint8Array)
    }
    const [old] = one.ids as [string]
    const added = one.install(key(2))
    both()
    other.install(key(2))
    both()
    one.use(added)
    both()
    other.use(added)
    both()
    one.remove(old)
    both()
    other.remove(old)
    both()
    // One that was away has the old key alone.
    const away = aesGcm(new Keyring([key(1)]))
    expect(a.open(away.seal(plain, header(3)), header(3))).toEqual({
      fault: 'unknown-key',
      detail: `sealed with the key ${old}, which this node lacks`,
    })
    expect(away.open(a.seal(plain, header(1)), header(1))).toMatchObject({ fault: 'unknown-key' })
    expect([a.stats().unknownKey, away.stats().unknownKey]).toEqual([1, 1])
  })

  test('leaves nothing behind of keys that are gone', () => {
    const ring = new Keyring([key(1), key(2)])
    const sealer = aesGcm(ring)
    const other = aesGcm(new Keyring([key(2)]))
    for (let boot = 0; boot < 50; boot++) sealer.open(other.seal(plain, header(boot)), header(boot))
    expect(sealer.stats()).toMatchObject({ opened: 50, subkeys: 50 })
    ring.remove(ring.ids[1]!)
    expect(sealer.open(other.seal(plain, header(1)), header(1))).toMatchObject({ fault: 'unknown-key' })
    expect(sealer.stats()).toMatchObject({ unknownKey: 1, subkeys: 0 })
  })
})

describe('a sealer', () => {
  test('says what came of opening', () => {
    const sealer = aesGcm(new Keyring([key(1)]))
    const sealed = sealer.seal(plain, header(1))
    sealer.open(sealed, header(1))
    sealer.open(sealed, header(2))
    sealer.open(sealed.subarray(0, 20), header(1))
    sealer.open(aesGcm(new Keyring([key(2)])).seal(plain, header(1)), header(1))
    expect(sealer.stats()).toMatchObject({ sealed: 1, opened: 1, unknownKey: 1, forged: 2 })
  })

  test('keeps the keys of senders, and none of who makes senders up', () => {
    const [sealer, other] = [1, 1].map((fill) => aesGcm(new Keyring([key(fill)]))) as [AesGcm, AesGcm]
    const from = (i: number): Uint8Array => {
      const aad = header(0)
      new DataView(aad.buffer).setUint32(5, i)
      return aad
    }
    const noise = other.seal(plain, header(0))
    for (let i = 1; i <= 1_000; i++) sealer.open(noise, from(i))
    expect(sealer.stats()).toMatchObject({ subkeys: 0, forged: 1_000 })
    for (let i = 0; i < 1_000; i++) sealer.open(other.seal(plain, from(i)), from(i))
    expect(sealer.stats()).toMatchObject({ subkeys: 1_000, opened: 1_000 })
  })

  test('keeps them through a rotation, for as long as their key is on the ring', () => {
    const ring = new Keyring([key(1)])
    const sealer = aesGcm(ring)
    const other = aesGcm(new Keyring([key(1)]))
    const packet = other.seal(plain, header(5))
    sealer.open(packet, header(5))
    sealer.seal(plain, header(6))
    ring.replace([key(1), key(2)])
    sealer.open(packet, header(5))
    expect(sealer.stats()).toMatchObject({ opened: 2, subkeys: 2 })
    const before = ring.primary
    ring.replace([key(2), key(1)])
    expect(ring.keys[1]).toBe(before)
    ring.replace([key(2)])
    expect(sealer.open(packet, header(5))).toMatchObject({ fault: 'unknown-key' })
    expect(sealer.stats().subkeys).toBe(0)
  })

  test('seals for several senders in turn, each by its own key', () => {
    const [sealer, other] = [aesGcm(new Keyring([key(1)])), aesGcm(new Keyring([key(1)]))]
    for (const sender of [1, 2, 1, 2]) {
      expect(opened(other.open(sealer.seal(plain, header(sender)), header(sender)))).toEqual(plain)
      expect(other.open(sealer.seal(plain, header(sender)), header(3 - sender))).toMatchObject({
        fault: 'forged',
      })
    }
  })

  test('serves a codec: packets and streams, with the label as what is authenticated', () => {
    const open = (fill: number, cluster: string) =>
      swimCodec().open({
        cluster,
        sealer: aesGcm(new Keyring([key(fill)])),
        maxPacketBytes: 65_535,
        maxStreamBytes: 1_048_576,
      })
    const sender: Sender = { name: 'a', boot: 7n, incarnation: 3 }
    const [mine, same, wrongKey, otherCluster] = [open(1, 'x'), open(1, 'x'), open(2, 'x'), open(1, 'y')]
    const packet = mine.bundle(sender, [mine.encode({ type: 'nack', seq: 5 })], undefined)
    expect(same.decode(packet)).toMatchObject({ sender, messages: [{ type: 'nack', seq: 5 }] })
    expect(wrongKey.decode(packet)).toMatchObject({ fault: 'unknown-key' })
    expect(otherCluster.decode(packet)).toMatchObject({ fault: 'cluster' })
    expect(packet.length).toBeLessThanOrEqual(
      mine.bundleOverhead(sender) + mine.encode({ type: 'nack', seq: 5 }).length,
    )

    const body = new Uint8Array(200_000).fill(7)
    const chunks = [...mine.encodeStream(sender, { type: 'user', body })]
    const read = (codec: typeof mine, parts: readonly Uint8Array[]) => {
      const reader = codec.streamReader()
      let result: ReturnType<typeof reader.push>
      for (const part of parts) result = reader.push(part)
      return result
    }
    expect(read(same, chunks)).toMatchObject({ message: { type: 'user' }, sender })
    const faulty = read(wrongKey, chunks)
    expect(faulty !== undefined && isFault(faulty) && faulty.fault).toBe('unknown-key')
    expect(read(same, chunks.slice(0, -1))).toBeUndefined()
  })
})
