import { describe, expect, test } from 'vitest'
import type { Fault } from '../wire/codec.ts'
import { Refusals } from './refusals.ts'

describe('what is refused', () => {
  function listening(enabled = false) {
    const lines: string[] = []
    let now = 0
    const log = (level: string, message: string, fields?: object) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
    const refusals = new Refusals({ enabled: (level) => level !== 'debug' || enabled, log }, () => now)
    const pass = (ms: number): void => {
      now += ms
    }
    return { lines, refusals, pass }
  }
  const peer = (i: number, port = 7_946) => ({ host: `10.0.0.${i}`, port })
  const forged: Fault = { fault: 'forged', detail: 'changed since' }

  test('is said once for each peer, way and reason, and again after ten minutes', () => {
    const { lines, pass, refusals } = listening()
    for (let i = 0; i < 3; i++) refusals.packet(peer(1, 7_946 + i), forged)
    expect(lines).toEqual([`warn refused a packet: changed since {"fault":"forged","peer":"10.0.0.1"}`])
    refusals.packet(peer(2), forged)
    refusals.packet(peer(1), { fault: 'plain', detail: 'not sealed' })
    refusals.stream(peer(1), forged)
    refusals.answer(peer(1), forged)
    refusals.answer(peer(1), forged)
    refusals.stranger(peer(1))
    expect(lines.slice(1)).toEqual([
      'warn refused a packet: changed since {"fault":"forged","peer":"10.0.0.2"}',
      'warn refused a packet: not sealed {"fault":"plain","peer":"10.0.0.1"}',
      'warn refused a stream: changed since {"fault":"forged","peer":"10.0.0.1"}',
      'warn refused an answer: changed since {"fault":"forged","peer":"10.0.0.1:7946"}',
      'warn refused a peer: 10.0.0.1 is not among the addresses that are allowed {"fault":"not-allowed","peer":"10.0.0.1"}',
    ])
    pass(599_999)
    refusals.packet(peer(1), forged)
    expect(lines).toHaveLength(6)
    pass(1)
    refusals.packet(peer(1), forged)
    expect(lines).toHaveLength(7)
  })

  test('is said of 64 at most, and that there are more; the others at debug', () => {
    const { lines, refusals } = listening()
    for (let i = 0; i < 1_000; i++) refusals.stream(peer(i), forged)
    expect(lines).toHaveLength(65)
    expect(lines.at(-1)).toContain('further ones are only counted')
    const patient = listening(true)
    for (let i = 0; i < 1_000; i++) patient.refusals.stream(peer(i), forged)
    expect(patient.lines.filter((line) => line.startsWith('debug'))).toHaveLength(1_000 - 64)
  })

  test('is not said of packets that are no packets of such a node', () => {
    const { lines, refusals } = listening(true)
    for (const fault of ['malformed', 'version', 'too-big'] as const) {
      refusals.packet(peer(1), { fault, detail: 'noise' })
    }
    expect(lines).toEqual([])
    refusals.packet(peer(1), { fault: 'cluster', detail: 'another' })
    expect(lines).toHaveLength(1)
  })
})
