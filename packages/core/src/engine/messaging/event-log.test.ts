import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UserEvent } from '../../wire/message.ts'
import { EventLog, latestTime } from './event-log.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_261_121 })

const event = (time: number, boot = 1n, size = 0): UserEvent => ({
  type: 'event',
  time,
  boot,
  origin: 'n',
  name: 'e',
  body: new Uint8Array(size),
})

/** At 2026-01-01, and from then on. */
const wallSeconds = (now: number): number => 1_767_225_600 + now / 1_000
const newLog = (retention: number): EventLog => new EventLog(retention, wallSeconds)

const add = (log: EventLog, time: number, boot = 1n, at = 0): string => {
  const told = event(time, boot)
  return log.add(told, told, at, at)
}

const ids = (log: EventLog, now = 0): string[] => log.known(now).map(({ boot, time }) => `${time} ${boot}`)

test('an id is new once, whatever comes in between and in whatever order', () => {
  const id = fc.record({ time: fc.integer({ min: 1, max: 50 }), boot: fc.bigInt({ min: 1n, max: 5n }) })
  fc.assert(
    fc.property(fc.array(id, { maxLength: 200 }), (told) => {
      const log = newLog(1_000)
      const seen = new Set<string>()
      for (const { boot, time } of told) {
        const key = `${time} ${boot}`
        expect(add(log, time, boot)).toBe(seen.has(key) ? 'seen' : 'new')
        seen.add(key)
      }
      expect(ids(log).toSorted()).toEqual([...seen].toSorted())
      expect(log.clock).toBe(Math.max(0, ...told.map(({ time }) => time)))
    }),
  )
})

test('what is older than what is remembered is never new again', () => {
  const log = newLog(1_000)
  for (let time = 1; time <= 4_096; time++) expect(add(log, 2 * time)).toBe('new')
  expect(add(log, 3)).toBe('new')
  // The lowest one went for it, and with it all that is as old.
  expect([add(log, 1), add(log, 2), add(log, 2, 9n), add(log, 3), add(log, 4)]).toEqual([
    'old',
    'old',
    'old',
    'seen',
    'seen',
  ])
  expect(add(log, 5)).toBe('new')
})

describe('a time', () => {
  const latest = latestTime(wallSeconds(0))

  test('above a million for each second of the wall clock is made up', () => {
    const log = newLog(1_000)
    add(log, 10)
    expect([add(log, latest + 1), log.clock]).toEqual(['ahead', 10])
    expect([add(log, latest), log.clock]).toEqual(['new', latest])
    log.witness(Number.MAX_SAFE_INTEGER, 0)
    log.recall([{ time: Number.MAX_SAFE_INTEGER, boot: 1n }], 0)
    expect(log.clock).toBe(latest)
    expect(add(log, latest + 2 ** 20, 1n, 1_000)).toBe('new')
  })

  test('that the liar who pushed the clock as far as it goes left room for is told, and believed a moment later', () => {
    const [own, other] = [newLog(1_000), newLog(1_000)]
    for (const log of [own, other]) log.witness(latest, 0)
    const time = own.tick()
    expect(own.add({ time, boot: 1n }, event(time), 0, 0)).toBe('new')
    expect([add(other, time), add(other, time, 1n, 1)]).toEqual(['ahead', 'new'])
  })

  test('of a cluster that is far ahead is believed by who has heard nothing yet', () => {
    expect(add(newLog(1_000), 2 ** 40)).toBe('new')
  })

  test('has room above it for what a node tells itself, whatever its clock says', () => {
    const log = newLog(1_000)
    const year2300 = 2 ** 50
    log.witness(Number.MAX_SAFE_INTEGER, year2300)
    expect(log.clock).toBe(0)
    log.witness(latestTime(wallSeconds(year2300)), year2300)
    expect(log.clock).toBeGreaterThan(2 ** 52)
    expect(Number.isSafeInteger(log.tick() + 2 ** 31)).toBe(true)
  })
})

describe('events are kept whole', () => {
  test('as many as 512, the latest', () => {
    const log = newLog(1_000)
    for (let time = 1; time <= 600; time++) add(log, time)
    expect([log.kept, ids(log)[0], add(log, 50)]).toEqual([512, '89 1', 'seen'])
  })

  test('as many as take 256 KiB', () => {
    const log = newLog(1_000)
    for (let time = 1; time <= 100; time++) {
      const told = event(time, 1n, 8_190)
      log.add(told, told, 0, 0)
    }
    expect([log.kept, ids(log)[0]]).toEqual([32, '69 1'])
  })

  test('as long as they are to be', () => {
    const log = newLog(1_000)
    add(log, 1, 1n, 0)
    add(log, 2, 1n, 600)
    expect([ids(log, 1_000), ids(log, 1_001), ids(log, 1_601)]).toEqual([['1 1', '2 1'], ['2 1'], []])
    expect(add(log, 1)).toBe('seen')
  })

  test('and queries not at all', () => {
    const log = newLog(1_000)
    expect([log.add({ time: 1, boot: 1n }, undefined, 0, 0), log.kept, ids(log)]).toEqual(['new', 0, []])
  })
})

describe('two logs', () => {
  const told = fc.uniqueArray(
    fc.record({ time: fc.integer({ min: 1, max: 40 }), boot: fc.bigInt({ min: 1n, max: 3n }) }),
    { selector: ({ boot, time }) => `${time} ${boot}`, maxLength: 60 },
  )

  test('have the same mark if they keep the same, in whatever order it came', () => {
    fc.assert(
      fc.property(told, (all) => {
        const [a, b] = [newLog(1_000), newLog(1_000)]
        for (const { boot, time } of all) add(a, time, boot)
        for (const { boot, time } of all.toReversed()) add(b, time, boot)
        expect(a.digest(0, 0)?.mark).toEqual(b.digest(0, 0)?.mark)
      }),
    )
  })

  test('have other marks if they keep others, and the same once each has what the other lacks', () => {
    fc.assert(
      fc.property(told, told, (first, second) => {
        const [a, b] = [newLog(1_000), newLog(1_000)]
        for (const { boot, time } of first) add(a, time, boot)
        for (const { boot, time } of second) add(b, time, boot)
        if (JSON.stringify(ids(a)) !== JSON.stringify(ids(b))) {
          expect(a.digest(0, 0)?.mark).not.toEqual(b.digest(0, 0)?.mark)
        }
        const [forA, forB] = [b.lacking(a.known(0), 0), a.lacking(b.known(0), 0)]
        for (const each of forA) expect(a.add(each.event, each.event, 0, 0)).toBe('new')
        for (const each of forB) expect(b.add(each.event, each.event, 0, 0)).toBe('new')
        expect(ids(a)).toEqual(ids(b))
        expect(a.digest(0, 0)?.mark).toEqual(b.digest(0, 0)?.mark)
      }),
    )
  })

  test('tell each other how long ago, and how many had been heard by then', () => {
    const log = newLog(60_000)
    add(log, 7, 1n, 0)
    add(log, 3, 1n, 10_000)
    expect(log.lacking([], 12_400).map(({ age, event: { time }, order }) => [time, age, order])).toEqual([
      [3, 2, 2],
      [7, 12, 1],
    ])
    expect(log.digest(0, 0)?.count).toBe(2)
  })

  test('of which nothing was ever told say nothing', () => {
    expect(newLog(1_000).digest(0, 0)).toBe(undefined)
  })
})

describe('who comes to others', () => {
  test('takes nothing for new that was settled before, and what was told since', () => {
    const there = newLog(1_000)
    for (const time of [3, 7, 9]) add(there, time, 1n, 100 * time)
    // Of an instant ago, and as old as events are kept.
    expect(there.digest(1_700, 0)?.settled).toBe(3)
    expect(there.digest(1_701, 0)?.settled).toBe(7)
    const here = newLog(1_000)
    here.witness(9, 1_701)
    here.settle(7)
    // Whoever comes to it next hears of the same, though it has heard none of them.
    expect(here.digest(1_701, 0)?.settled).toBe(7)
    expect([add(here, 3), add(here, 7), add(here, 7, 2n), add(here, 8), add(here, 9)]).toEqual([
      'old',
      'old',
      'old',
      'new',
      'new',
    ])
  })

  test('is told that nothing is settled while it may be under way, however short events are kept', () => {
    const there = newLog(0)
    add(there, 3, 1n, 100)
    expect([there.digest(900, 800)?.settled, there.digest(901, 800)?.settled]).toEqual([0, 3])
  })

  test('a process that runs for long already is told of nothing that an earlier one had heard that it is settled, before it was kept for as long', () => {
    const there = newLog(1_000)
    there.recall([{ time: 3, boot: 1n }], 600_000)
    expect([there.digest(601_000, 0)?.settled, there.digest(601_001, 0)?.settled]).toEqual([0, 3])
  })

  test('is settled no farther than the clock that it believes, and never back', () => {
    const log = newLog(1_000)
    log.witness(5, 0)
    log.settle(1_000)
    expect([add(log, 5), add(log, 6)]).toEqual(['old', 'new'])
    log.settle(2)
    expect(add(log, 4)).toBe('old')
  })
})
