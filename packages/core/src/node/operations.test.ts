import { describe, expect, test } from 'vitest'
import type { OperationResult } from '../engine/effects.ts'
import { Operations } from './operations.ts'

const joined: OperationResult = { kind: 'joined' }
const left: OperationResult = { kind: 'left', acknowledgedBy: [] }

/** How a promise stands once all that is due has run. */
async function state(promise: Promise<unknown>): Promise<unknown> {
  const open = Symbol('open')
  await Promise.resolve()
  const settled = await Promise.race([
    promise.then(
      (value) => ['resolved', value],
      (reason) => ['rejected', reason],
    ),
    Promise.resolve(open),
  ])
  return settled === open ? 'open' : settled
}

const nobody = () => undefined

describe('an operation', () => {
  test('resolves with the result of its number', async () => {
    const operations = new Operations()
    const first = operations.run(() => 1, nobody, undefined)
    const second = operations.run(() => 2, nobody, undefined)
    operations.done(2, left)
    expect(await second).toBe(left)
    expect(await state(first)).toBe('open')
    operations.done(1, joined)
    expect(await first).toBe(joined)
  })

  test('resolves also where the result comes while it is being started', async () => {
    const operations = new Operations()
    const early = operations.run(
      () => {
        operations.done(7, joined)
        return 7
      },
      nobody,
      undefined,
    )
    expect(await early).toBe(joined)
  })

  test('takes no early result of another', async () => {
    const operations = new Operations()
    const open = operations.run(
      () => {
        operations.done(6, left)
        return 7
      },
      nobody,
      undefined,
    )
    const other = operations.run(() => 6, nobody, undefined)
    expect([await state(open), await state(other)]).toEqual(['open', 'open'])
  })

  test('finishes another that waits while it is being started itself', async () => {
    const operations = new Operations()
    const first = operations.run(() => 1, nobody, undefined)
    const second = operations.run(
      () => {
        operations.done(1, left)
        return 2
      },
      nobody,
      undefined,
    )
    expect(await first).toBe(left)
    expect(await state(second)).toBe('open')
  })

  test('rejects with what starting threw, and leaves the next one unharmed', async () => {
    const operations = new Operations()
    const bad = operations.run(
      () => {
        throw new RangeError('no')
      },
      nobody,
      undefined,
    )
    await expect(bad).rejects.toThrow(RangeError)
    operations.done(3, left)
    const next = operations.run(() => 3, nobody, undefined)
    expect(await state(next)).toBe('open')
  })

  test('rejects with the reason of its signal, and tells the engine that nobody waits', async () => {
    const operations = new Operations()
    const abandoned: number[] = []
    const abort = new AbortController()
    const running = operations.run(
      () => 4,
      (operation) => abandoned.push(operation),
      abort.signal,
    )
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(abandoned).toEqual([4])
    operations.done(4, joined)
  })

  test('of a signal that is aborted already is not started', async () => {
    const operations = new Operations()
    let started = 0
    const run = operations.run(() => ++started, nobody, AbortSignal.abort('why'))
    await expect(run).rejects.toBe('why')
    expect(started).toBe(0)
  })

  test('that is done does not hear its signal any more', async () => {
    const operations = new Operations()
    const abandoned: number[] = []
    const abort = new AbortController()
    const running = operations.run(
      () => 4,
      (operation) => abandoned.push(operation),
      abort.signal,
    )
    operations.done(4, joined)
    await running
    abort.abort()
    expect(abandoned).toEqual([])
  })

  test('all that wait are rejected at once', async () => {
    const operations = new Operations()
    const abandoned: number[] = []
    const abort = new AbortController()
    const running = [1, 2, 3].map((operation) =>
      operations.run(
        () => operation,
        (each) => abandoned.push(each),
        abort.signal,
      ),
    )
    const reason = new Error('stopped')
    operations.rejectAll(reason)
    for (const each of running) await expect(each).rejects.toBe(reason)
    abort.abort()
    operations.rejectAll(new Error('again'))
    expect(abandoned).toEqual([])
  })
})
