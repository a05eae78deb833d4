import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ref } from '../model/ref.ts'
import type { QueuedUpdate, UpdateSubject } from './disseminator.ts'
import { PiggybackQueue } from './piggyback-queue.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const member = (n: number) => n as Ref

/** An update whose bytes can be recognized by identity, and which counts its end. */
interface Watched extends QueuedUpdate {
  readonly id: number
  ended: number
}

function watchedUpdates() {
  let id = 0
  return (ref: number, size: number, subject: UpdateSubject = 'status'): Watched => {
    const update: Watched = {
      id: id++,
      ref: member(ref),
      subject,
      bytes: new Uint8Array(size),
      ended: 0,
      done: () => {
        update.ended++
      },
    }
    return update
  }
}

/** Fills a packet; gives the updates that are in it, in order. */
function fill(
  queue: PiggybackQueue,
  known: Iterable<Watched>,
  budget: number,
  limit: number,
  { overhead = 0, to }: { overhead?: number; to?: number } = {},
): { ids: number[]; used: number } {
  const out: Uint8Array[] = []
  const used = queue.fill(to === undefined ? undefined : member(to), budget, overhead, limit, out)
  const all = [...known]
  return { ids: out.map((bytes) => all.find((update) => update.bytes === bytes)!.id), used }
}

type Step =
  | { readonly type: 'push'; readonly ref: number; readonly size: number; readonly subject: UpdateSubject }
  | {
      readonly type: 'fill'
      readonly budget: number
      readonly limit: number
      readonly to: number | undefined
    }
  | { readonly type: 'drop'; readonly ref: number; readonly subject: UpdateSubject | undefined }

const subject = fc.constantFrom<UpdateSubject>('status', 'record')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      type: fc.constant('push' as const),
      ref: fc.nat(9),
      size: fc.integer({ min: 1, max: 60 }),
      subject,
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      type: fc.constant('fill' as const),
      budget: fc.nat(200),
      limit: fc.integer({ min: 1, max: 6 }),
      to: fc.option(fc.nat(9), { nil: undefined }),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      type: fc.constant('drop' as const),
      ref: fc.nat(9),
      subject: fc.option(subject, { nil: undefined }),
    }),
    weight: 1,
  },
)

describe('a piggyback queue, whatever is done to it,', () => {
  test('keeps the budget, sends the least sent first, ends each update once, and sends none after its end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(3), (steps, overhead) => {
        const queue = new PiggybackQueue()
        const make = watchedUpdates()
        const updates: Watched[] = []
        const sent = new Map<Watched, number>()
        const current = new Map<string, Watched>()
        for (const action of steps) {
          if (action.type === 'push') {
            const update = make(action.ref, action.size, action.subject)
            updates.push(update)
            sent.set(update, 0)
            queue.push(update)
            const key = `${action.ref} ${action.subject}`
            expect(current.get(key)?.ended ?? 1).toBe(1)
            current.set(key, update)
          } else if (action.type === 'drop') {
            queue.drop(member(action.ref), action.subject)
            for (const each of ['status', 'record'] as const) {
              const key = `${action.ref} ${each}`
              if (action.subject !== undefined && action.subject !== each) continue
              expect(current.get(key)?.ended ?? 1).toBe(1)
              current.delete(key)
            }
          } else {
            const { budget, limit, to } = action
            const { ids, used } = fill(queue, updates, budget, limit, {
              overhead,
              ...(to === undefined ? {} : { to }),
            })
            const taken = ids.map((id) => updates[id]!)
            expect(used).toBe(taken.reduce((sum, { bytes }) => sum + bytes.length + overhead, 0))
            expect(used).toBeLessThanOrEqual(budget)
            expect(new Set(taken).size).toBe(taken.length)
            for (const update of taken) expect(current.get(`${update.ref} ${update.subject}`)).toBe(update)
            expect(taken.some(({ ref }) => ref === to)).toBe(false)
            const counts = taken.map((update) => sent.get(update)!)
            expect(counts).toEqual([...counts].sort((a, b) => a - b))
            const fresh = taken.filter((update) => sent.get(update) === 0).map(({ id }) => id)
            expect(fresh).toEqual([...fresh].sort((a, b) => b - a))
            for (const update of taken) {
              const count = sent.get(update)! + 1
              sent.set(update, count)
              expect(update.ended).toBe(count >= limit ? 1 : 0)
              if (count >= limit) current.delete(`${update.ref} ${update.subject}`)
            }
          }
          expect(queue.backlog).toBe(current.size)
          for (const update of updates) {
            const queued = current.get(`${update.ref} ${update.subject}`) === update
            expect(update.ended).toBe(queued ? 0 : 1)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('sends each update exactly as often as the limit says, while there is room for all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), (count, limit) => {
        const queue = new PiggybackQueue()
        const make = watchedUpdates()
        const updates = Array.from({ length: count }, (_, ref) => make(ref, 10))
        for (const update of updates) queue.push(update)
        const times = new Map<number, number>()
        for (let packet = 0; packet < limit + 2; packet++) {
          for (const id of fill(queue, updates, 10_000, limit).ids) times.set(id, (times.get(id) ?? 0) + 1)
        }
        expect([...times.values()]).toEqual(new Array(count).fill(limit))
        expect(updates.every(({ ended }) => ended === 1)).toBe(true)
        expect(queue.backlog).toBe(0)
      }),
    )
  })

  test('sends each update as often as the limit says also where a packet holds one', () => {
    const queue = new PiggybackQueue()
    const make = watchedUpdates()
    const updates = Array.from({ length: 5 }, (_, ref) => make(ref, 10))
    for (const update of updates) queue.push(update)
    const order = Array.from({ length: 15 }, () => fill(queue, updates, 10, 3).ids[0])
    for (const { id } of updates) expect(order.filter((each) => each === id).length).toBe(3)
    expect(order.slice(0, 5)).toEqual([4, 3, 2, 1, 0])
    expect(fill(queue, updates, 10, 3).ids).toEqual([])
  })
})

describe('in a piggyback queue', () => {
  const setUp = (capacity?: number) => {
    const queue = new PiggybackQueue(capacity)
    const make = watchedUpdates()
    const updates: Watched[] = []
    const push = (ref: number, size = 10, kind: UpdateSubject = 'status') => {
      const update = make(ref, size, kind)
      updates.push(update)
      queue.push(update)
      return update
    }
    const take = (budget: number, limit = 100, more: { overhead?: number; to?: number } = {}) =>
      fill(queue, updates, budget, limit, more).ids
    return { queue, push, take }
  }

  test('the newest goes first, and what is pushed later goes before what was sent already', () => {
    const { push, take } = setUp()
    for (const ref of [0, 1, 2]) push(ref)
    expect(take(20)).toEqual([2, 1])
    push(3)
    expect(take(20)).toEqual([3, 0])
    expect(take(40)).toEqual([3, 0, 2, 1])
  })

  test('a tier keeps its order when it moves on as a whole', () => {
    const { push, take } = setUp()
    for (const ref of [0, 1, 2, 3]) push(ref)
    for (let packet = 0; packet < 3; packet++) expect(take(40)).toEqual([3, 2, 1, 0])
  })

  test('news of a status and newer data of the same member go side by side', () => {
    const { push, queue, take } = setUp()
    const status = push(1, 10, 'status')
    const data = push(1, 10, 'record')
    expect(queue.backlog).toBe(2)
    expect(take(100)).toEqual([data.id, status.id])
    queue.drop(member(1), 'record')
    expect([data.ended, status.ended, queue.backlog]).toEqual([1, 0, 1])
    queue.drop(member(1))
    expect([data.ended, status.ended, queue.backlog]).toEqual([1, 1, 0])
  })

  test('the replaced update is ended before the new one can be sent, and the new one starts from nought', () => {
    const { push, take } = setUp()
    const old = push(1)
    push(2)
    take(100)
    const next = push(1)
    expect(old.ended).toBe(1)
    expect(take(10)).toEqual([next.id])
  })

  test('a packet to a member brings it nothing about itself, and costs the update nothing', () => {
    const { push, take } = setUp()
    push(1)
    push(2)
    expect(take(100, 1, { to: 2 })).toEqual([0])
    expect(take(100, 1)).toEqual([1])
  })

  test('the overhead of a part counts', () => {
    const { push, take } = setUp()
    push(1)
    push(2)
    expect(take(23, 100, { overhead: 2 })).toEqual([1])
    expect(take(24, 100, { overhead: 2 })).toEqual([0, 1])
  })

  test('what does not fit is passed over for what does', () => {
    const { push, take } = setUp()
    push(1, 5)
    push(2, 50)
    expect(take(10)).toEqual([0])
    expect(take(55)).toEqual([1, 0])
  })

  test('a fill ends after eight misfits in a row, not seven', () => {
    for (const [misfits, found] of [
      [7, 1],
      [8, 0],
    ] as const) {
      const { push, take } = setUp()
      push(0, 5)
      for (let ref = 1; ref <= misfits; ref++) push(ref, 50)
      expect(take(10).length).toBe(found)
    }
  })

  test('a fit between misfits starts their count anew', () => {
    const { push, take } = setUp()
    push(0, 5)
    for (let ref = 1; ref <= 7; ref++) push(ref, 50)
    push(8, 5)
    for (let ref = 9; ref <= 15; ref++) push(ref, 50)
    expect(take(10)).toEqual([8, 0])
  })

  test('a fill looks at no more updates than it takes, and eight', () => {
    const queue = new PiggybackQueue()
    let looks = 0
    for (let ref = 0; ref < 1_000; ref++) {
      queue.push({
        ref: member(ref),
        subject: 'status',
        get bytes() {
          looks++
          return new Uint8Array(100)
        },
      })
    }
    const out: Uint8Array[] = []
    looks = 0
    queue.fill(undefined, 350, 0, 5, out)
    // Once to see its size, and once more for each that is taken.
    expect([out.length, looks]).toEqual([3, 3 + 8 + 3])
  })

  test('at the capacity the most sent, oldest one gives way, is ended and counted', () => {
    const { push, queue, take } = setUp(3)
    const [a, b] = [push(1), push(2)]
    take(100)
    const c = push(3)
    const d = push(4)
    expect([a.ended, b.ended, c.ended, d.ended]).toEqual([1, 0, 0, 0])
    push(5)
    push(6)
    expect([b.ended, c.ended, d.ended]).toEqual([1, 1, 0])
    expect([queue.backlog, queue.overflowed]).toEqual([3, 3])
  })

  test('replacing at the capacity costs nobody else', () => {
    const { push, queue } = setUp(2)
    const [a, b] = [push(1), push(2)]
    push(2)
    expect([a.ended, b.ended, queue.backlog, queue.overflowed]).toEqual([0, 1, 2, 0])
  })

  test('a lower limit than before ends what was sent as often already', () => {
    const { push, queue, take } = setUp()
    const update = push(1)
    for (let packet = 0; packet < 5; packet++) take(100, 8)
    expect(take(100, 2)).toEqual([update.id])
    expect([update.ended, queue.backlog]).toEqual([1, 0])
  })
})
