import { describe, expect, test } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import type { Hooks, Logger } from './api.ts'
import { guardHooks } from './guarded-hooks.ts'

const peer = { name: 'x' } as PeerRecord
const watched = (): [string[], Logger] => {
  const logged: string[] = []
  return [logged, { enabled: () => true, log: (level, message) => logged.push(`${level}: ${message}`) }]
}
const boom = (): never => {
  throw new Error('boom')
}

describe('hooks', () => {
  test('that throw are logged, and veto where they may', () => {
    const [logged, logger] = watched()
    const guarded = guardHooks(
      {
        admit: boom,
        admitMerge: boom,
        syncState: boom,
        onSyncState: boom,
        ackPayload: boom,
        onPing: boom,
      },
      logger,
    )
    expect(guarded.admit!(peer)).toBe(false)
    expect(guarded.admitMerge!([peer])).toBe(false)
    expect(guarded.syncState!(true)).toBeUndefined()
    expect(guarded.onSyncState!(Uint8Array.of(1), false)).toBeUndefined()
    expect(guarded.ackPayload!()).toBeUndefined()
    expect(guarded.onPing!('x', 1, undefined)).toBeUndefined()
    expect(logged).toEqual(
      ['admit', 'admitMerge', 'syncState', 'onSyncState', 'ackPayload', 'onPing'].map(
        (name) => `error: the ${name} hook threw`,
      ),
    )
  })

  test('without a logger that throw do no harm either', () => {
    expect(guardHooks({ admit: boom }, undefined).admit!(peer)).toBe(false)
  })

  test('get what the engine gives, and it gets what they give', () => {
    const calls: unknown[] = []
    const guarded = guardHooks(
      {
        admit: (record) => calls.push(record) > 0,
        admitMerge: (records) => calls.push(records) < 0,
        syncState: (join) => (join ? Uint8Array.of(1) : undefined),
        onSyncState: (state, join) => calls.push([state, join]),
        ackPayload: () => Uint8Array.of(2),
        onPing: (name, rtt, payload) => calls.push([name, rtt, payload]),
      },
      undefined,
    )
    expect([guarded.admit!(peer), guarded.admitMerge!([peer])]).toEqual([true, false])
    expect([guarded.syncState!(true), guarded.syncState!(false), guarded.ackPayload!()]).toEqual([
      Uint8Array.of(1),
      undefined,
      Uint8Array.of(2),
    ])
    guarded.onSyncState!(Uint8Array.of(3), true)
    guarded.onPing!('x', 5, undefined)
    expect(calls).toEqual([peer, [peer], [Uint8Array.of(3), true], ['x', 5, undefined]])
  })

  test('that are methods keep their object', () => {
    class Application implements Hooks {
      readonly banned = 'x'
      admit(record: PeerRecord): boolean {
        return record.name !== this.banned
      }
    }
    const guarded = guardHooks(new Application(), undefined)
    expect([guarded.admit!(peer), guarded.admit!({ ...peer, name: 'y' })]).toEqual([false, true])
  })

  test('that are not given are not called: the engine need not ask', () => {
    expect(Object.keys(guardHooks({}, undefined))).toEqual([])
  })

  test.each([
    ['ackPayload', 256],
    ['syncState', 1_048_576],
  ] as const)('%s may give %i bytes: more are not sent, and logged', (name, limit) => {
    const [logged, logger] = watched()
    let size = limit
    const give = () => new Uint8Array(size)
    const guarded = guardHooks({ [name]: give }, logger)
    const call = () => (name === 'ackPayload' ? guarded.ackPayload!() : guarded.syncState!(false))
    expect(call()?.length).toBe(limit)
    size++
    expect(call()).toBeUndefined()
    expect(logged).toEqual([
      `error: the ${name} hook gave ${limit + 1} bytes, and at most ${limit} are allowed: not sent`,
    ])
  })
})
