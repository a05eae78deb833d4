import { createRandom } from '@swimkit/core'
import fc from 'fast-check'
import type { Coverage } from './coverage.ts'
import { type Finding, failureOf } from './finding.ts'
import { type Draw, damaged } from './mutations.ts'
import type { Target } from './target.ts'

export interface Progress {
  readonly target: string
  readonly executions: number
  readonly seconds: number
  /** Inputs that each reached code that none before it had. */
  readonly kept: readonly Uint8Array[]
  /** Characters of code that were reached. */
  readonly reached: number
  readonly finding: Finding | undefined
}

/** Inputs that are tried before coverage is asked for, which takes as long as a hundred short ones: more where there was none. */
const leastBatch = 32
const mostBatch = 1_024
/** Of these each is drawn anew from what is valid, in place of a damaged one from the corpus. */
const fresh = 16

/**
 * Damages inputs that are known, keeps those that reach code which none before reached, and damages those. The same seed draws the same
 * damage; how much of it is tried depends on the machine.
 */
export async function fuzzGuided(
  target: Target,
  coverage: Coverage,
  known: readonly Uint8Array[],
  seed: number,
  until: () => boolean,
): Promise<Progress> {
  const began = performance.now()
  const random = createRandom([seed])
  const draw: Draw = (bound) => random.below(bound)
  const samples = fc.sample(target.valid, { seed, numRuns: 256 })
  const valid = (): Uint8Array => samples[draw(samples.length)]!
  const corpus = [...known]
  const kept: Uint8Array[] = []
  let executions = 0
  let batch = leastBatch
  const end = (finding?: Finding): Progress => ({
    target: target.name,
    executions,
    seconds: (performance.now() - began) / 1_000,
    kept,
    reached: coverage.size,
    finding,
  })
  const firstBad = async (inputs: readonly Uint8Array[]): Promise<Finding | undefined> => {
    for (const input of inputs) {
      executions++
      const error = await failureOf(target, input)
      if (error !== undefined) return { target: target.name, input, error }
      if (until()) break
    }
    return undefined
  }
  const old = await firstBad(known)
  if (old !== undefined) return end(old)
  coverage.mark(coverage.news())
  let next = samples.slice(0, leastBatch)
  for (;;) {
    const finding = await firstBad(next)
    if (finding !== undefined) return end(finding)
    batch = Math.min(mostBatch, 2 * batch)
    const news = coverage.news()
    if (news.length > 0) {
      batch = leastBatch
      for (const input of await newAmong(target, coverage, next, until)) {
        kept.push(input)
        corpus.push(input)
      }
      // What was reached by chance, as by the state that others had left, would be looked for again each time.
      coverage.mark(news)
    }
    if (until()) return end()
    next = Array.from({ length: batch }, () => {
      const other = draw(2) === 0 ? valid() : (corpus[draw(Math.max(1, corpus.length))] ?? valid())
      // The later it came, the deeper it got.
      const at =
        corpus.length - 1 - Math.min(draw(Math.max(1, corpus.length)), draw(Math.max(1, corpus.length)))
      const input = draw(fresh) === 0 || corpus.length === 0 ? valid() : corpus[at]!
      return damaged(input, draw, other, target.maxBytes, target.damage)
    })
  }
}

/**
 * Which inputs of a batch reached what is new, found by running its halves again, and theirs; of those that reach the same the first. An input that does so
 * only after others is taken with none, and so is what there is no time left for.
 */
async function newAmong(
  target: Target,
  coverage: Coverage,
  inputs: readonly Uint8Array[],
  until: () => boolean,
): Promise<readonly Uint8Array[]> {
  for (const input of inputs) {
    if (until()) return []
    await failureOf(target, input)
  }
  const news = coverage.news()
  if (news.length === 0) return []
  if (inputs.length === 1) {
    coverage.mark(news)
    return inputs
  }
  const middle = inputs.length >>> 1
  return [
    ...(await newAmong(target, coverage, inputs.slice(0, middle), until)),
    ...(await newAmong(target, coverage, inputs.slice(middle), until)),
  ]
}
