import type { Disseminator } from '@swimkit/core'
import fc from 'fast-check'
import type { Case } from '../case/case.ts'
import { check, checkSame } from '../case/check.ts'
import { forAll } from '../case/for-all.ts'
import { anyUse } from './any-use.ts'
import { contract } from './contract.ts'
import { member, Queue } from './queue.ts'

export interface DisseminatorCaseOptions {
  /** The most updates that it holds, 1..1,000,000. Default 65,536: as many as a node holds members, by default. */
  readonly capacity?: number
}

/** Updates looked at for a packet that none of them fits, at most, of thousands. */
const mostLooks = 500

/**
 * What every disseminator must do, whatever order it prefers among updates that were sent equally often. `make` gives a new and
 * empty one each time.
 */
export function disseminatorCases(make: () => Disseminator, options: DisseminatorCaseOptions = {}): Case[] {
  const { capacity = 65_536 } = options
  const queue = (): Queue => new Queue(make())
  return [
    {
      name: 'whatever is done to it, packets keep their budget, and each update ends once, at its time',
      run: () => anyUse(make),
    },

    {
      name: 'while there is room for all, each update is sent as often as the limit says',
      run: () =>
        forAll(
          contract.order,
          50,
          [fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 })],
          (count, limit) => {
            const all = queue()
            for (let ref = 0; ref < count; ref++) all.push(ref)
            for (let packet = 0; packet < limit + 2; packet++) all.fill(10_000, { limit })
            for (const { id, sent } of all.pushed)
              checkSame(sent, limit, contract.order, `transmissions of update ${id}`)
            checkSame(all.it.backlog, 0, contract.backlog, 'the backlog after that')
          },
        ),
    },

    {
      name: 'where a packet holds one update, all take turns until each was sent as often as the limit says',
      run: () => {
        const all = queue()
        for (let ref = 0; ref < 5; ref++) all.push(ref)
        for (let packet = 1; packet <= 15; packet++) {
          checkSame(
            all.fill(10, { limit: 3 }).length,
            1,
            contract.budget,
            `updates in packet ${packet}, which has room for one,`,
          )
          const counts = all.pushed.map(({ sent }) => sent)
          const [least, most] = [Math.min(...counts), Math.max(...counts)]
          check(
            most - least <= 1,
            contract.order,
            () => `after ${packet} packets they were sent ${counts} times`,
          )
        }
        checkSame(all.fill(10, { limit: 3 }).length, 0, contract.order, 'updates after the last transmission')
      },
    },

    {
      name: 'what was never sent goes before what was',
      run: () => {
        const all = queue()
        for (let ref = 0; ref < 3; ref++) all.push(ref)
        all.fill(30)
        const news = all.push(7)
        checkSame(
          all.fill(10)[0]?.id,
          news.id,
          contract.order,
          'the update in a packet that has room for one',
        )
      },
    },

    {
      name: 'a newer update of the same key replaces the older, which ends, and is sent as often as any other',
      run: () => {
        const all = queue()
        const old = all.push(1)
        all.fill(100, { limit: 4 })
        const next = all.push(1)
        checkSame(
          [old.ended, next.ended],
          [1, 0],
          contract.done,
          'calls of done() of the older and the newer',
        )
        checkSame(all.it.backlog, 1, contract.push, 'the backlog')
        for (let packet = 0; packet < 6; packet++) all.fill(100, { limit: 4 })
        checkSame([old.sent, next.sent], [1, 4], contract.key, 'transmissions of the older and the newer')
      },
    },

    {
      name: 'news of a status and newer data of the same member ride side by side, and are dropped apart or together',
      run: () => {
        const all = queue()
        const [status, data] = [all.push(1, 10, 'status'), all.push(1, 10, 'record')]
        checkSame(all.it.backlog, 2, contract.subject, 'the backlog')
        checkSame(all.fill(100).length, 2, contract.subject, 'updates in a packet with room for both')
        all.drop(1, 'record')
        checkSame(
          [status.ended, data.ended],
          [0, 1],
          contract.drop,
          'calls of done() after drop of the record',
        )
        all.push(1, 10, 'record')
        all.drop(1)
        checkSame(
          [status.ended, all.it.backlog],
          [1, 0],
          contract.drop,
          'calls of done(), and the backlog, after drop of all',
        )
        all.drop(1)
        all.drop(99)
        checkSame(all.fill(100).length, 0, contract.drop, 'updates after they were dropped')
      },
    },

    {
      name: 'a packet to a member brings it nothing about itself, and costs that update no transmission',
      run: () => {
        const all = queue()
        const [other, own] = [all.push(1), all.push(2)]
        const ids = all.fill(100, { limit: 1, to: 2 }).map(({ id }) => id)
        checkSame(ids, [other.id], contract.self, 'the updates in a packet to member 2')
        const rest = all.fill(100, { limit: 1 }).map(({ id }) => id)
        checkSame(rest, [own.id], contract.self, 'the updates in the next packet')
      },
    },

    {
      name: 'the overhead of each part counts, to the byte',
      run: () => {
        for (const [budget, fitting] of [
          [23, 1],
          [24, 2],
        ] as const) {
          const all = queue()
          all.push(1)
          all.push(2)
          const what = `updates of 10 bytes and 2 of overhead in ${budget}`
          checkSame(all.fill(budget, { overhead: 2 }).length, fitting, contract.budget, what)
        }
      },
    },

    {
      name: 'an update too large for any packet does not keep the others back',
      run: () => {
        const all = queue()
        const small = [all.push(1), all.push(2)]
        all.push(3, 5_000)
        small.push(all.push(4), all.push(5))
        for (let packet = 0; packet < 3; packet++) all.fill(100, { limit: 3 })
        for (const { id, sent } of small) checkSame(sent, 3, contract.order, `transmissions of update ${id}`)
      },
    },

    {
      name: 'a lower limit than before ends what was sent as often already',
      run: () => {
        const all = queue()
        const update = all.push(1)
        for (let packet = 0; packet < 5; packet++) all.fill(100, { limit: 8 })
        all.fill(100, { limit: 2 })
        checkSame([update.ended, all.it.backlog], [1, 0], contract.order, 'calls of done(), and the backlog')
      },
    },

    {
      name: 'a fill gives up early where nothing fits, however much is queued',
      run: () => {
        const it = make()
        let looks = 0
        const bytes = new Uint8Array(500)
        const count = Math.min(capacity, 10_000)
        for (let ref = 0; ref < count; ref++) {
          it.push({
            ref: member(ref),
            subject: 'status',
            get bytes() {
              looks++
              return bytes
            },
          })
        }
        looks = 0
        it.fill(undefined, 100, 0, 5, [])
        check(
          looks <= Math.min(mostLooks, count),
          contract.order,
          () => `it looked at ${looks} of ${count} updates, none of which fits`,
        )
      },
    },

    {
      name: 'it holds no more than its capacity, and what it lets go of is told so',
      run: () => {
        const all = queue()
        for (let ref = 0; ref < capacity + 1_000; ref++) all.push(ref)
        const { backlog } = all.it
        check(
          backlog <= capacity,
          contract.bounded,
          () => `it holds ${backlog} updates, ${capacity} are its capacity`,
        )
        const ended = all.pushed.reduce((sum, update) => sum + update.ended, 0)
        checkSame(ended, all.pushed.length - backlog, contract.done, 'calls of done() of those let go')
        const last = all.pushed.at(-1)!
        checkSame(last.ended, 0, contract.push, 'calls of done() of the newest')
      },
    },
  ]
}
