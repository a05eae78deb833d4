import { beforeEach, describe, expect, it } from 'vitest'
import { Refusals } from './refusals.ts'
import { throttle } from './throttle.ts'

let refusals: Refusals
let now: number
beforeEach(() => {
  refusals = new Refusals(undefined)
  now = 0
})
const throttled = (perSecond: number) => throttle(perSecond, refusals, () => now)
const codes = (shed: ReturnType<typeof throttle>, url: string, source: string, count: number) =>
  Array.from({ length: count }, () => shed(url, source)?.status ?? 200)

describe('who asks too often', () => {
  it('is sent away for a while, and others are not', () => {
    const shed = throttled(5)
    expect(codes(shed, '/v1/members', '10.0.0.9', 10)).toEqual(Array.from({ length: 10 }, () => 200))
    const refused = shed('/v1/members', '10.0.0.9')!
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    expect(JSON.parse(refused.body)).toEqual({
      error: { code: 'rate', message: 'at most 5 requests a second' },
    })
    expect(shed('/v1/members', '10.0.0.8')).toBeUndefined()
    expect(refusals.counts()['refused:rate']).toBe(1)
    now = 200
    expect(codes(shed, '/v1/members', '10.0.0.9', 2)).toEqual([200, 429])
  })

  it('is refused with the headers of other answers', () => {
    const shed = throttled(0.5)
    shed('/', 'a')
    expect(shed('/', 'a')?.headers).toMatchObject({
      'retry-after': '2',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json',
    })
  })

  it('does not keep the probes from answering, which have an allowance of their own', () => {
    const shed = throttled(1)
    expect(codes(shed, '/v1/members', 'a', 4)).toEqual([200, 200, 429, 429])
    expect(codes(shed, '/healthz', 'a', 1)).toEqual([200])
    expect(codes(shed, '/readyz?x=1', 'a', 2)).toEqual([200, 429])
    expect(codes(shed, '/healthz/../v1/members', 'a', 1)).toEqual([429])
  })

  it('may do so where the rate is 0', () => {
    const shed = throttled(0)
    expect(codes(shed, '/v1/members', 'a', 10_000).filter((code) => code !== 200)).toEqual([])
  })
})
