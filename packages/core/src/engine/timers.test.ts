import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Timer, TimerHeap } from './timers.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

type Command =
  | { readonly type: 'arm'; readonly at: number }
  | { readonly type: 'cancel' | 'move'; readonly which: number; readonly at: number }
  | { readonly type: 'due'; readonly now: number }

const at = fc.nat(20)
const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: fc.record({ type: fc.constant('arm' as const), at }), weight: 4 },
  {
    arbitrary: fc.record({ type: fc.constantFrom('cancel' as const, 'move' as const), which: fc.nat(), at }),
    weight: 3,
  },
  { arbitrary: fc.record({ type: fc.constant('due' as const), now: at }), weight: 2 },
)

describe('the timers', () => {
  test('fire as a sorted list would: by instant, at one instant by the order of arming or moving', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const heap = new TimerHeap()
        const timers: Timer[] = []
        let model: { timer: Timer; at: number; order: number }[] = []
        let order = 0
        const sorted = () => [...model].sort((a, b) => a.at - b.at || a.order - b.order)
        for (const [i, step] of commands.entries()) {
          if (step.type === 'arm') {
            const timer = heap.arm(step.at, 7, i)
            timers.push(timer)
            model.push({ timer, at: step.at, order: order++ })
          } else if (step.type === 'due') {
            const first = sorted()[0]
            const expected = first !== undefined && first.at <= step.now ? first.timer : undefined
            expect(heap.due(step.now)).toBe(expected)
            model = model.filter(({ timer }) => timer !== expected)
          } else if (timers.length > 0) {
            // Any that was ever armed: one that fired or was cancelled is not to be moved by that.
            const timer = timers[step.which % timers.length]!
            const held = model.find((each) => each.timer === timer)
            if (step.type === 'cancel') {
              heap.cancel(timer)
              model = model.filter((each) => each !== held)
            } else {
              heap.move(timer, step.at)
              if (held !== undefined) Object.assign(held, { at: step.at, order: order++ })
            }
          }
          expect(heap.size).toBe(model.length)
          expect(heap.next).toBe(sorted()[0]?.at ?? Number.POSITIVE_INFINITY)
        }
        const fired: Timer[] = []
        for (let timer = heap.due(99); timer !== undefined; timer = heap.due(99)) fired.push(timer)
        expect(fired).toEqual(sorted().map(({ timer }) => timer))
      }),
      { numRuns: 500 },
    )
  })

  test('stay in order when many are cancelled or moved in the midst of more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 30, maxLength: 120 }),
        fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(1_000), { nil: undefined })), {
          minLength: 10,
          maxLength: 40,
        }),
        (instants, changes) => {
          const heap = new TimerHeap()
          const timers = instants.map((at, i) => heap.arm(at, 0, i))
          const left = new Set(timers)
          for (const [which, to] of changes) {
            const timer = timers[which % timers.length]!
            if (to === undefined) {
              heap.cancel(timer)
              left.delete(timer)
            } else heap.move(timer, to)
          }
          const fired: number[] = []
          for (let timer = heap.due(1_000); timer !== undefined; timer = heap.due(1_000)) fired.push(timer.at)
          expect(fired).toEqual([...left].map(({ at }) => at).sort((a, b) => a - b))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('carry their kind and argument, and are counted while they are armed', () => {
    const heap = new TimerHeap()
    const timer = heap.arm(5, 3, 42)
    expect([heap.size, heap.next, timer.place]).toEqual([1, 5, 0])
    expect(heap.due(4.999)).toBeUndefined()
    expect(heap.due(5)).toMatchObject({ kind: 3, arg: 42 })
    expect([heap.size, heap.next, timer.place]).toEqual([0, Number.POSITIVE_INFINITY, -1])
  })

  test('cancelling nothing, or twice, does no harm', () => {
    const heap = new TimerHeap()
    const timer = heap.arm(1, 0)
    heap.cancel(undefined)
    heap.cancel(timer)
    heap.cancel(timer)
    expect([heap.size, heap.next]).toEqual([0, Number.POSITIVE_INFINITY])
  })
})
