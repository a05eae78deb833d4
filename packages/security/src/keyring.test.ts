import { describe, expect, test } from 'vitest'
import { generateKey, KeyError, readKey } from './key.ts'
import { Keyring } from './keyring.ts'

const key = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill)

describe('a key', () => {
  test.each([16, 24, 32] as const)('of %i bytes is made, written as base64 and read again', (size) => {
    const text = generateKey(size)
    expect(readKey(text).bytes.length).toBe(size)
    expect(readKey(`  ${text}\n`)).toEqual(readKey(text))
    expect(generateKey(size)).not.toBe(text)
  })

  test('is known by an id that is the same for all who have it, and says nothing of it', () => {
    const { id } = readKey(key(7))
    expect(id).toMatch(/^[0-9a-f]{8}$/)
    expect(readKey(Buffer.from(key(7)).toString('base64')).id).toBe(id)
    expect(readKey(key(8)).id).not.toBe(id)
    expect(readKey(key(7, 16)).id).not.toBe(id)
  })

  test.each([
    ['', 'a key is no base64'],
    ['not base64!', 'a key is no base64'],
    ['AAAA', 'a key of 3 bytes: must be 16, 24 or 32'],
    [`${Buffer.from(key(1)).toString('base64')}=`, 'a key is no base64'],
    [Buffer.from(key(1)).toString('base64').slice(0, -1), 'a key is no base64'],
    [Buffer.from(key(1, 33)).toString('base64'), 'a key of 33 bytes'],
    [key(1, 15), 'a key of 15 bytes'],
    [key(1, 0), 'a key of 0 bytes'],
  ])('is not %j: the error shows nothing of it', (from, message) => {
    const error = (() => {
      try {
        return readKey(from)
      } catch (thrown) {
        return thrown as Error
      }
    })()
    expect(error).toBeInstanceOf(KeyError)
    expect((error as Error).message).toContain(message)
    if (typeof from === 'string' && from.length > 4) expect((error as Error).message).not.toContain(from)
  })

  test('keeps its bytes, whatever becomes of those it was made of', () => {
    const bytes = key(1)
    const read = readKey(bytes)
    bytes.fill(9)
    expect(read.bytes).toEqual(key(1))
  })
})

describe('a keyring', () => {
  const [a, b, c] = [1, 2, 3].map((fill) => readKey(key(fill)).id) as [string, string, string]

  test('seals with the first, and with the one that is used then', () => {
    const ring = new Keyring([key(1), key(2)])
    expect([ring.primary.id, ring.ids]).toEqual([a, [a, b]])
    ring.use(b)
    expect([ring.primary.id, ring.ids]).toEqual([b, [b, a]])
    ring.use(b)
    expect(ring.ids).toEqual([b, a])
  })

  test('is rotated by installing, using and removing, each of which may be done again', () => {
    const ring = new Keyring([key(1)])
    expect([ring.install(key(2)), ring.install(key(2))]).toEqual([b, b])
    expect(ring.ids).toEqual([a, b])
    ring.use(b)
    ring.remove(a)
    ring.remove(a)
    expect(ring.ids).toEqual([b])
  })

  test('does not lose the key that seals, nor use one that it does not have', () => {
    const ring = new Keyring([key(1), key(2)])
    expect(() => ring.remove(a)).toThrow(`the key ${a} seals what this node sends`)
    expect(() => ring.use(c)).toThrow(`no key has the id ${c}`)
    expect(ring.ids).toEqual([a, b])
  })

  test('has 1 to 16 keys, each once', () => {
    expect(() => new Keyring([])).toThrow(KeyError)
    expect(new Keyring([key(1), key(1), key(2)]).ids).toEqual([a, b])
    const ring = new Keyring(Array.from({ length: 16 }, (_, i) => key(i)))
    expect(() => ring.install(key(16))).toThrow('the keyring holds 16 keys')
    expect(ring.install(key(15))).toBe(readKey(key(15)).id)
  })

  test('shows ids and no keys as JSON', () => {
    expect(JSON.stringify(new Keyring([key(1), key(2)]))).toBe(JSON.stringify({ keys: [a, b] }))
  })
})
