/** Milliseconds. */
export const period = 1_000

export const strategies = ['uniform', 'roundRobin', 'ringSuccessor'] as const
export type StrategyName = (typeof strategies)[number]

export interface Job {
  /** Crashes one after the other, or all at once. */
  readonly kind: 'single' | 'together'
  readonly strategy: StrategyName
  readonly members: number
  readonly victims: number
  readonly seed: number
}

/** What became of a crash, in periods from its instant on. */
export interface Death {
  /** First look of each of the first three that looked. */
  readonly looks: number[]
  /** First verdict of anybody: what the others are told. */
  suspected: number | undefined
  failed: number | undefined
}

/** Of each crash; of several at once, of the last that was looked at. */
export type Outcome = readonly Death[]
