import type { CodecPlugin } from '@swimkit/core'
import type { Case } from '../case/case.ts'
import { limitCases } from './limits.ts'
import { roundTripCases } from './round-trip.ts'
import { sealingCases } from './sealing.ts'
import { type CodecCaseOptions, type Mode, setUp } from './setup.ts'
import { streamCases } from './stream-cases.ts'
import { totalityCases } from './totality.ts'

/**
 * What every codec must do, whatever its bytes look like: without a sealer, and with one if it seals.
 *
 * `make` is called once. A format that cannot say everything says so in `options`, and is tried with what it can say; whether it
 * has digests the codec itself says.
 */
export function codecCases(make: () => CodecPlugin, options: CodecCaseOptions = {}): Case[] {
  const plugin = make()
  const casesOf = (mode: Mode): Case[] => {
    const setup = setUp(plugin, mode, options)
    return [
      ...roundTripCases(setup),
      ...totalityCases(setup),
      ...streamCases(setup),
      ...limitCases(setup),
      ...(mode === 'sealed' ? sealingCases(setup) : []),
    ]
  }
  return [...casesOf('plain'), ...(options.sealing === false ? [] : casesOf('sealed'))]
}
