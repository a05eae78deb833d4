import type { Disseminator, UpdateSubject } from '@swimkit/core'
import fc from 'fast-check'
import { check, checkSame } from '../case/check.ts'
import { forAll } from '../case/for-all.ts'
import { contract } from './contract.ts'
import { Queue, type Watched } from './queue.ts'

type Step =
  | { readonly type: 'push'; readonly ref: number; readonly size: number; readonly subject: UpdateSubject }
  | {
      readonly type: 'fill'
      readonly budget: number
      readonly limit: number
      readonly to: number | undefined
    }
  | { readonly type: 'drop'; readonly ref: number; readonly subject: UpdateSubject | undefined }

const subjects = ['status', 'record'] as const
const subject = fc.constantFrom<UpdateSubject>(...subjects)
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

/**
 * Whatever is done to it, in whatever order: packets keep their budget and order, an update ends once and at its time, and
 * is not sent after it.
 */
export function anyUse(make: () => Disseminator): void {
  forAll(contract.done, 300, [fc.array(step, { maxLength: 60 }), fc.nat(3)], (steps, overhead) => {
    const queue = new Queue(make())
    const queued = new Map<string, Watched>()
    const keyOf = (ref: number, about: UpdateSubject): string => `${ref} ${about}`
    for (const action of steps) {
      if (action.type === 'push') {
        const update = queue.push(action.ref, action.size, action.subject)
        queued.set(keyOf(action.ref, action.subject), update)
      } else if (action.type === 'drop') {
        queue.drop(action.ref, action.subject)
        for (const each of subjects) {
          if (action.subject === undefined || action.subject === each) queued.delete(keyOf(action.ref, each))
        }
      } else {
        const { budget, limit, to } = action
        for (const update of queue.fill(budget, { limit, overhead, to })) {
          const key = keyOf(update.ref, update.subject)
          check(
            queued.get(key) === update,
            contract.key,
            () => `update ${update.id} is sent after it was replaced, dropped or let go`,
          )
          if (update.sent >= limit) queued.delete(key)
        }
      }
      checkSame(queue.it.backlog, queued.size, contract.backlog, 'the backlog')
      for (const update of queue.pushed) {
        const ends = queued.get(keyOf(update.ref, update.subject)) === update ? 0 : 1
        const what = `how often done() was called of update ${update.id}, sent ${update.sent} times`
        checkSame(update.ended, ends, contract.done, what)
      }
    }
  })
}
