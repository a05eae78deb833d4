import type { Settings } from '@swimkit/core'

/** A set of Lifeguard's parts, and what the paper found with them. */
export interface Variant {
  readonly label: string
  readonly settings: Pick<Settings, 'healthMax' | 'suspicionMaxMult' | 'suspicionConfirmations'>
  readonly buddy: boolean
  /** What this project adds: closed ports, waits that follow round trips, doubting oneself, the ring's successor. */
  readonly ours?: boolean
  /** Lifeguard (arXiv 1707.00788v2), at α = 5 and, where suspicion is its own, β = 6 and K = 3. Undefined: not in the paper. */
  readonly published: Published | undefined
}

export interface Published {
  readonly falsePositives: number
  readonly atHealthy: number
  /** Millions of messages, and GiB. */
  readonly messages: number
  readonly bytes: number
  /** Seconds: median, 99 %, 99.9 %. */
  readonly first: readonly [number, number, number]
  readonly full: readonly [number, number, number]
}

/** The paper's α: the shortest suspicion is α × log10(n) seconds, in all variants. */
export const suspicionMult = 5
/** Its β where suspicions shrink: the longest suspicion is β times the shortest. */
const beta = 6
/** Its S. */
const healthMax = 8

const probeOff = { healthMax: 0 }
const probeOn = { healthMax }
/** One fixed timeout, and so no confirmations to hand on. */
const suspicionOff = { suspicionMaxMult: 1, suspicionConfirmations: 0 }
const suspicionOn = (confirmations: number) => ({
  suspicionMaxMult: beta,
  suspicionConfirmations: confirmations,
})

export const variants = {
  swim: {
    label: 'SWIM',
    settings: { ...probeOff, ...suspicionOff },
    buddy: false,
    published: {
      falsePositives: 339_002,
      atHealthy: 1_326,
      messages: 435.33,
      bytes: 149.15,
      first: [12.44, 16.96, 19.4],
      full: [12.9, 16.93, 20.17],
    },
  },
  probe: {
    label: 'LHA-Probe',
    settings: { ...probeOn, ...suspicionOff },
    buddy: false,
    published: {
      falsePositives: 229_574,
      atHealthy: 436,
      messages: 428.62,
      bytes: 134.28,
      first: [12.42, 17.75, 20.1],
      full: [12.9, 17.98, 20.56],
    },
  },
  suspicion: {
    label: 'LHA-Suspicion, K = 3',
    settings: { ...probeOff, ...suspicionOn(3) },
    buddy: false,
    published: {
      falsePositives: 10_174,
      atHealthy: 89,
      messages: 484.55,
      bytes: 158.87,
      first: [12.42, 17.47, 25.41],
      full: [12.89, 17.33, 23.8],
    },
  },
  'suspicion-k2': {
    label: 'LHA-Suspicion, K = 2',
    settings: { ...probeOff, ...suspicionOn(2) },
    buddy: false,
    published: undefined,
  },
  buddy: {
    label: 'Buddy',
    settings: { ...probeOff, ...suspicionOff },
    buddy: true,
    published: {
      falsePositives: 318_935,
      atHealthy: 591,
      messages: 435.62,
      bytes: 147.67,
      first: [12.45, 17.12, 19.16],
      full: [12.92, 17.18, 19.81],
    },
  },
  lifeguard: {
    label: 'Lifeguard, K = 3',
    settings: { ...probeOn, ...suspicionOn(3) },
    buddy: true,
    published: {
      falsePositives: 5_193,
      atHealthy: 25,
      messages: 481.42,
      bytes: 146.13,
      first: [12.45, 17.9, 21.2],
      full: [12.91, 18.05, 21.68],
    },
  },
  'lifeguard-k2': {
    label: 'Lifeguard, K = 2',
    settings: { ...probeOn, ...suspicionOn(2) },
    buddy: true,
    published: undefined,
  },
  swimkit: {
    label: 'Lifeguard, K = 3, and all of swimkit',
    settings: { ...probeOn, ...suspicionOn(3) },
    buddy: true,
    ours: true,
    published: undefined,
  },
} as const satisfies Record<string, Variant>

export type VariantName = keyof typeof variants
export const variantNames = Object.keys(variants) as VariantName[]
