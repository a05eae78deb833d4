import { createRandom } from '../engine/random.ts'
import type { Millis } from '../engine/time.ts'

/** Numbers in a vector. As many as Serf has. */
export const dimensions = 8

/**
 * Where a node is in a space whose distances are round trips (Vivaldi: Dabek, Cox, Kaashoek, Morris, SIGCOMM 2004): a vector of
 * {@link dimensions} numbers, then what {@link Part} names. All lengths are milliseconds. In one array, as a simulated process has ten thousand, and
 * by the four operations and the root alone, which are exact by standard, so that its run is the same on every runtime.
 */
export type Coordinate = Float64Array

export const Part = {
  /** What every way from here takes on top, before it is out of the building (Dabek §5.4). At least {@link heightMin}. */
  Height: 8,
  /** By what share its distances are thought to be off: {@link errorMin} to {@link errorMax}. */
  Error: 9,
  /** Half of what measured ways have lately taken beyond vector and height (Ledlie, Gardner, Seltzer, NSDI 2007). */
  Adjustment: 10,
} as const

/** Numbers in a coordinate. */
export const parts = 11

/** A node's own coordinate, and behind it what it takes to move it. */
export type OwnCoordinate = Coordinate & { readonly __own: never }

const Own = {
  /** Round trips that were taken in. */
  Samples: 11,
  /** By how much distances are usually off, which no single sample moves much. */
  Usual: 12,
  /** Sum of the residuals. */
  Sum: 13,
  /** What each of the last round trips took beyond vector and height. */
  Residuals: 14,
} as const

// The parameters are those of Serf's documentation, where nothing else is said.

/** Gain of a sample in the error, and the share of what is off that a node moves by (Dabek §2.5: c_e and c_c). */
const errorGain = 0.25
const moveGain = 0.25
/** Of whoever knows nothing yet. */
export const errorMax = 1.5
/** An error never reaches 0: a share of nothing would no longer weigh anything. A power of two, which every format holds. */
export const errorMin: number = 1 / 1_024
/** 10 µs. */
export const heightMin: Millis = 0.01
/** Round trips that the adjustment is a mean of. */
const adjustmentSamples = 20
/**
 * A place is drawn back by `(its distance from the origin / this)²` milliseconds with every sample, lest all drift off together
 * (Ledlie et al.). Serf's 150 s, in seconds, do nothing within days; 1 s costs no accuracy on networks of any size on Earth, and holds
 * a group that a liar pulls at within 200 ms.
 */
const gravity: Millis = 1_000
/** Places nearer to each other than this, a nanosecond, have no direction from one to the other. */
const coincident: Millis = 1e-6
/** Longest round trip that is taken in, and the farthest out that anything is placed: 10 s. */
export const farthest: Millis = 10_000
/** Samples that `usual` is a mean of, the older ones ever less. */
const usualSamples = 16
/** What is off counts up to so many times what is usual, and at the start up to so many round trips. */
const spread = 4

/** The origin, where everybody starts, knowing nothing. */
export function originCoordinate(): Coordinate {
  return startOver(new Float64Array(parts))
}

export function ownCoordinate(): OwnCoordinate {
  // The brand has no representation at run time: only this makes one.
  return startOver(new Float64Array(Own.Residuals + adjustmentSamples)) as OwnCoordinate
}

/** Back to the origin. */
export function startOver<T extends Coordinate>(coordinate: T): T {
  coordinate.fill(0)
  coordinate[Part.Height] = heightMin
  coordinate[Part.Error] = errorMax
  return coordinate
}

/** Whether it has been moved since it started. */
export const hasMoved = (own: OwnCoordinate): boolean => own[Own.Samples]! > 0

/** Estimated round trip between two valid coordinates; above 0 unless both heights are 0. */
export function distance(a: Coordinate, b: Coordinate): Millis {
  return between(a, b, plane(a, b))
}

/** Whether an honest node can have this coordinate: finite, and no farther out than anything is placed. */
export function isValid(coordinate: Coordinate): boolean {
  // Written so that NaN fails as well.
  for (let i = 0; i < parts; i++) if (!(Math.abs(coordinate[i]!) <= farthest)) return false
  const error = coordinate[Part.Error]!
  return coordinate[Part.Height]! >= 0 && error >= errorMin && error <= errorMax
}

/** Whether a round trip is one to be taken in. */
export const isPlausible = (rtt: Millis): boolean => rtt > 0 && rtt <= farthest

/**
 * A round trip to a node at `other` was measured: moves the own coordinate so that their distance fits it better. Both must be
 * valid and the round trip plausible. On `seed` depends in which direction two part that are at the same place.
 *
 * What is off counts up to a few times what is usually off here, so that a member that lies about its place, of which there is no
 * proof, carries nobody away, while what many agree on is followed within some twenty samples. That is this project's own: Serf
 * takes every valid coordinate at its word.
 */
export function update(own: OwnCoordinate, other: Coordinate, rtt: Millis, seed: number): void {
  const apart = plane(own, other)
  const found = rtt - between(own, other, apart)
  const bound = takeIn(own, Math.abs(found), rtt)
  const off = clamp(found, bound)
  const known = own[Part.Error]!
  const weight = known / (known + other[Part.Error]!)
  const error = known + errorGain * weight * (Math.abs(off) / rtt - known)
  own[Part.Error] = Math.min(errorMax, Math.max(errorMin, error))
  const left = move(own, other, apart, moveGain * weight * off, seed)
  adjust(own, clamp(rtt - left - own[Part.Height]! - other[Part.Height]!, bound))
  drawBack(own)
}

/**
 * How much may be off in a sample in which so much is. What is usual is a mean in which each sample counts as far as that: up to a quarter
 * of all samples may say what they will without carrying it off, and if all do, it grows by a fifth with each.
 */
function takeIn(own: OwnCoordinate, off: Millis, rtt: Millis): Millis {
  const samples = own[Own.Samples]!
  const usual = own[Own.Usual]!
  const bound = spread * (samples < usualSamples ? rtt : usual)
  const mean = usual + (Math.min(off, bound) - usual) / Math.min(samples + 1, usualSamples)
  own[Own.Usual] = Math.max(heightMin, mean)
  return bound
}

/**
 * Away from `other` by `force`, or towards it: along the way between them, of which the heights are a part (Dabek §5.4). Returns how far
 * apart their vectors are then.
 */
function move(own: OwnCoordinate, other: Coordinate, apart: Millis, force: Millis, seed: number): Millis {
  if (apart < coincident) return leave(own, force, seed)
  const heights = own[Part.Height]! + other[Part.Height]!
  const step = force / (apart + heights)
  for (let i = 0; i < dimensions; i++) own[i]! += step * (own[i]! - other[i]!)
  own[Part.Height] = Math.max(heightMin, own[Part.Height]! + step * heights)
  return Math.abs(1 + step) * apart
}

/** In any direction. */
function leave(own: OwnCoordinate, force: Millis, seed: number): Millis {
  const random = createRandom([seed, own[Own.Samples]!])
  // A half is no number of the generator's: it never gives 0 for all.
  const direction = Float64Array.from({ length: dimensions }, () => random.fraction() - 0.499_999_999_9)
  const step = force / lengthOf(direction)
  for (let i = 0; i < dimensions; i++) own[i]! += step * direction[i]!
  return Math.abs(force)
}

function adjust(own: OwnCoordinate, residual: Millis): void {
  const at = Own.Residuals + (own[Own.Samples]!++ % adjustmentSamples)
  own[Own.Sum]! += residual - own[at]!
  own[at] = residual
  own[Part.Adjustment] = own[Own.Sum]! / (2 * adjustmentSamples)
}

function drawBack(own: OwnCoordinate): void {
  const keep = 1 - Math.min(1, lengthOf(own) / (gravity * gravity))
  for (let i = 0; i < dimensions; i++) own[i]! *= keep
}

function between(a: Coordinate, b: Coordinate, apart: Millis): Millis {
  const plain = apart + a[Part.Height]! + b[Part.Height]!
  const adjusted = plain + a[Part.Adjustment]! + b[Part.Adjustment]!
  return adjusted > 0 ? adjusted : plain
}

function plane(a: Coordinate, b: Coordinate): Millis {
  let squares = 0
  for (let i = 0; i < dimensions; i++) squares += (a[i]! - b[i]!) * (a[i]! - b[i]!)
  return Math.sqrt(squares)
}

function lengthOf(vector: Float64Array): number {
  let squares = 0
  for (let i = 0; i < dimensions; i++) squares += vector[i]! * vector[i]!
  return Math.sqrt(squares)
}

const clamp = (value: number, bound: number): number => Math.min(bound, Math.max(-bound, value))
