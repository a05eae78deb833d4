import { fileURLToPath } from 'node:url'
import { createRandom } from '@swimkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitting, fromHex, readCorpus, toHex } from './corpus.ts'
import { describeFinding, failureOf, minimised } from './finding.ts'
import { damaged } from './mutations.ts'
import { hold, type Target } from './target.ts'
import { targets } from './targets.ts'

const corpusFolder = fileURLToPath(new URL('corpus', import.meta.url))
/** The same in every run. Others: `npm run fuzz:inputs`. */
const seed = 20_260_101
const valid = 64
/** A few seconds for all; those that start engines take the longest. */
const damagedInputs: Readonly<Record<string, number>> = {
  cluster: 30,
  engine: 100,
  snapshot: 200,
  scenario: 100,
}

describe.each(targets)('$name', (target) => {
  const inputs = readCorpus(corpusFolder, target.name)

  test('holds for every input that once reached something new, or broke it', async () => {
    expect(inputs.length).toBeGreaterThan(0)
    for (const input of inputs) await holdFor(target, input)
  })

  test('holds for what is valid, and for what was damaged with knowledge of the format', async () => {
    const random = createRandom([seed])
    const draw = (bound: number): number => random.below(bound)
    const samples = fc.sample(target.valid, { seed, numRuns: valid })
    for (const input of samples) await holdFor(target, input)
    const all = [...samples, ...inputs]
    for (let left = damagedInputs[target.name] ?? 500; left > 0; left--) {
      const [input, other] = [all[draw(all.length)]!, all[draw(all.length)]!]
      await holdFor(target, damaged(input, draw, other, target.maxBytes, target.damage))
    }
  })
})

async function holdFor(target: Target, input: Uint8Array): Promise<void> {
  const error = await failureOf(target, input)
  if (error !== undefined) expect.fail(describeFinding(await minimised(target, input, error)))
}

describe('what looks for broken inputs', () => {
  // It breaks where 7 stands anywhere behind 9.
  const broken: Target = {
    name: 'broken',
    maxBytes: 64,
    valid: fc.uint8Array({ maxLength: 64 }),
    check: (input) => hold(!input.includes(7, input.indexOf(9) < 0 ? 64 : input.indexOf(9)), '7 behind 9'),
  }

  test('makes what it finds as small as it can be, and says how to see it again', async () => {
    const input = fromHex('0102090304070506')
    const error = await failureOf(broken, input)
    const finding = await minimised(broken, input, error)
    expect(toHex(finding.input)).toBe('0907')
    expect(describeFinding(finding)).toContain('npm run fuzz:inputs -- --target broken --replay 0907')
  })

  test('says what it has found as it is where there is no time to make it smaller', async () => {
    const input = fromHex('0102090304070506')
    const error = await failureOf(broken, input)
    expect(await minimised(broken, input, error, 0)).toEqual({ target: 'broken', input, error })
  })

  test('finds it by damaging what is valid', async () => {
    const random = createRandom([seed])
    const draw = (bound: number): number => random.below(bound)
    const start = fromHex('0900000000000000')
    let error: unknown
    for (let tries = 0; error === undefined && tries < 100_000; tries++) {
      error = await failureOf(broken, damaged(start, draw, start, 64))
    }
    expect(error).toMatchObject({ message: '7 behind 9' })
  })

  test('keeps the shortest of what is new, as much as there is room for', () => {
    const known = [fromHex('0000')]
    const fresh = ['00000000', '01', '000000', '02'].map(fromHex)
    expect(fitting(known, fresh, 7).map(toHex)).toEqual(['01', '02', '000000'])
    expect(fitting(known, fresh, 1)).toEqual([])
  })
})
