import { expect, it } from 'vitest'
import { drainFor } from './drain.ts'

it('drains for as long as it is told, unless it is called off', async () => {
  const ends = new AbortController()
  const { drain, drainTimeout } = drainFor(60_000)
  expect(drainTimeout).toBe(61_000)
  const draining = Promise.resolve(drain!(ends.signal)).then(
    () => 'over',
    () => 'called off',
  )
  expect(await Promise.race([draining, Promise.resolve('under way')])).toBe('under way')
  ends.abort()
  await draining
})

it('does nothing where it is for no time', () => {
  expect(drainFor(0)).toEqual({})
})
