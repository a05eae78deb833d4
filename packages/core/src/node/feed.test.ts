import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Feed } from './feed.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

interface Item {
  readonly n: number
}

function feedOf(limit: number, signal?: AbortSignal) {
  const ends: string[] = []
  const feed = new Feed<Item, string>({
    limit,
    gap: ({ last, missed, next }) => `${missed} up to ${last.n} before ${next?.n ?? 'nothing'}`,
    onEnd: () => ends.push('end'),
    signal,
  })
  return { feed, ends }
}

const taken = async (feed: Feed<Item, string>): Promise<number | string | undefined> => {
  const { done, value } = await feed.next()
  if (done) return undefined
  return typeof value === 'string' ? value : value.n
}

describe('a feed', () => {
  test('gives what it is offered, in order, to who waits and to who comes later', async () => {
    const { feed } = feedOf(10)
    const waiting = [taken(feed), taken(feed)]
    for (let n = 1; n <= 4; n++) feed.offer({ n })
    expect([...(await Promise.all(waiting)), await taken(feed), await taken(feed)]).toEqual([1, 2, 3, 4])
  })

  test('drops the oldest of what is too much, and says how many, and between which', async () => {
    const { feed } = feedOf(3)
    for (let n = 1; n <= 9; n++) feed.offer({ n })
    expect([await taken(feed), await taken(feed), await taken(feed)]).toEqual(['7 up to 7 before 8', 8, 9])
  })

  test('of one at a time says what was missed, and goes on with what comes', async () => {
    const { feed } = feedOf(1)
    for (let n = 1; n <= 3; n++) feed.offer({ n })
    expect(await taken(feed)).toBe('3 up to 3 before nothing')
    feed.offer({ n: 4 })
    expect(await taken(feed)).toBe(4)
  })

  test('never holds more than its limit, and accounts for all that it was offered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('offer') }, fc.constant('take')), {
          maxLength: 60,
        }),
        async (limit, course) => {
          const { feed } = feedOf(limit)
          let [offered, seen, held] = [0, 0, 0]
          const take = async () => {
            const value = await taken(feed)
            const missed = typeof value === 'string' ? Number.parseInt(value, 10) : 1
            seen += missed
            if (typeof value === 'number') expect(value).toBe(seen)
          }
          for (const what of course) {
            if (what === 'offer') {
              feed.offer({ n: ++offered })
              held = Math.min(limit, held + 1)
            } else if (held > 0) {
              await take()
              held--
            }
          }
          feed.end()
          let left = 0
          while (seen < offered) {
            await take()
            left++
          }
          expect(left).toBeLessThanOrEqual(limit)
          expect(await taken(feed)).toBeUndefined()
        },
      ),
    )
  })

  test('ends once: by itself, by its signal, or by who iterates', async () => {
    const aborted = new AbortController()
    const bySignal = feedOf(3, aborted.signal)
    const waiting = taken(bySignal.feed)
    aborted.abort()
    expect([await waiting, bySignal.ends, bySignal.feed.ended]).toEqual([undefined, ['end'], true])

    const byEnd = feedOf(3)
    byEnd.feed.offer({ n: 1 })
    byEnd.feed.end()
    byEnd.feed.end()
    byEnd.feed.offer({ n: 2 })
    expect([await taken(byEnd.feed), await taken(byEnd.feed), byEnd.ends]).toEqual([1, undefined, ['end']])

    const byBreak = feedOf(3)
    byBreak.feed.offer({ n: 1 })
    byBreak.feed.offer({ n: 2 })
    for await (const _ of byBreak.feed) break
    expect([await taken(byBreak.feed), byBreak.ends]).toEqual([undefined, ['end']])

    const over = feedOf(3, AbortSignal.abort())
    over.feed.offer({ n: 1 })
    expect([await taken(over.feed), over.ends, over.feed.ended]).toEqual([undefined, [], true])
  })
})
