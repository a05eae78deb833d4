import { describe, expect, test } from 'vitest'
import { Directory, sameRecord } from './directory.ts'
import type { PeerRecord } from './peer.ts'
import { generationOf, makeRef, maxSlots, slotOf } from './ref.ts'

const record: PeerRecord = {
  name: 'a',
  boot: 7n,
  startedAt: 100,
  address: { host: '10.0.0.1', port: 1 },
  streams: false,
  leaving: false,
  protocolMin: 1,
  protocolMax: 1,
  capabilities: ['detector:x'],
  data: Uint8Array.of(1, 2),
  opaque: undefined,
}

describe('handles', () => {
  test('hold 20 bits of slot and 10 of generation in a small integer', () => {
    const ref = makeRef(maxSlots - 1, 1_023)
    expect([slotOf(ref), generationOf(ref), ref < 2 ** 30]).toEqual([maxSlots - 1, 1_023, true])
  })
})

describe('a directory', () => {
  test('gives one name one handle, and counts its users', () => {
    const directory = new Directory()
    const ref = directory.retain('a')!
    expect(directory.retain('a')).toBe(ref)
    directory.release(ref)
    expect([directory.find('a'), directory.size]).toEqual([ref, 1])
    directory.release(ref)
    expect([directory.find('a'), directory.size, directory.valid(ref)]).toEqual([undefined, 0, false])
  })

  test('uses a freed slot again under another handle, and takes no notice of the old one', () => {
    const directory = new Directory()
    const old = directory.retain('a')!
    directory.release(old)
    const next = directory.retain('b')!
    expect([slotOf(next), next === old, directory.capacity]).toEqual([slotOf(old), false, 1])
    directory.release(old)
    expect([directory.valid(next), directory.name(next), directory.name(old)]).toEqual([true, 'b', ''])
  })

  test('a handle is stale for 1,023 further uses of its slot', () => {
    const directory = new Directory()
    const first = directory.retain('first')!
    directory.release(first)
    for (let use = 0; use < 1_023; use++) {
      const ref = directory.retain('later')!
      expect(ref).not.toBe(first)
      directory.release(ref)
    }
  })

  test('holds 1,048,576 names, then says so, and takes new ones once some are gone', () => {
    const directory = new Directory()
    for (let i = 0; i < maxSlots; i++) directory.retain(String(i))
    expect(directory.retain('one too many')).toBeUndefined()
    expect(directory.retain('17')).toBe(directory.find('17'))
    directory.release(directory.find('42')!)
    expect(directory.retain('one too many')).toBeDefined()
    expect(directory.retain('and another')).toBeUndefined()
  })

  test('keeps equal records of one incarnation once, and frees them with their last user', () => {
    const directory = new Directory()
    const ref = directory.retain('a')!
    const number = directory.retainRecord(ref, record, 5)
    expect(directory.retainRecord(ref, { ...record, data: Uint8Array.of(1, 2) }, 5)).toBe(number)
    const newer = directory.retainRecord(ref, record, 6)
    expect(newer).not.toBe(number)
    directory.releaseRecord(number)
    expect(directory.record(number)).toBe(record)
    directory.releaseRecord(number)
    const other = directory.retainRecord(ref, { ...record, streams: true }, 7)
    expect([other, directory.record(newer)]).toEqual([number, record])
  })
})

describe('two records', () => {
  test('are the same if every field is', () => {
    expect(sameRecord(record, { ...record, capabilities: ['detector:x'], data: Uint8Array.of(1, 2) })).toBe(
      true,
    )
  })

  test.each<[string, Partial<PeerRecord>]>([
    ['name', { name: 'b' }],
    ['boot', { boot: 8n }],
    ['start', { startedAt: 101 }],
    ['host', { address: { host: '10.0.0.2', port: 1 } }],
    ['port', { address: { host: '10.0.0.1', port: 2 } }],
    ['streams', { streams: true }],
    ['leaving', { leaving: true }],
    ['lowest version', { protocolMin: 2 }],
    ['highest version', { protocolMax: 2 }],
    ['number of capabilities', { capabilities: [] }],
    ['capabilities', { capabilities: ['detector:y'] }],
    ['length of data', { data: Uint8Array.of(1) }],
    ['data', { data: Uint8Array.of(1, 3) }],
    ['opaque part', { opaque: Uint8Array.of() }],
  ])('differ if their %s does', (_, change) => {
    expect(sameRecord(record, { ...record, ...change })).toBe(false)
    expect(sameRecord({ ...record, ...change }, record)).toBe(false)
  })
})
