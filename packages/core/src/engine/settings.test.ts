import { describe, expect, test } from 'vitest'
import {
  type ProfileName,
  profiles,
  resolveSettings,
  type Settings,
  SettingsError,
  settingRanges,
} from './settings.ts'

const keys = Object.keys(settingRanges) as (keyof Settings)[]

/** What the others must be for a setting to be its least and its most. */
const ends: { readonly [K in keyof Settings]?: Partial<Settings> } = {
  probeTimeout: { probeInterval: 600_000 },
  probeTimeoutMin: { probeInterval: 600_000, probeTimeout: 600_000 },
  probeInterval: { probeTimeout: 1 },
  probeIntervalMin: { probeTimeout: 1, probeInterval: 600_000 },
  probeIntervalMax: { probeTimeout: 1, probeInterval: 10 },
}

describe('settings', () => {
  test.each(Object.keys(profiles) as ProfileName[])(
    'the profile %s is itself within all ranges',
    (profile) => {
      expect(resolveSettings(profile, profiles[profile])).toEqual(profiles[profile])
      expect(Object.keys(profiles[profile]).sort()).toEqual([...keys].sort())
    },
  )

  test.each(keys)('%s may be its least and its most, and nothing beyond', (key) => {
    const [min, max, whole] = settingRanges[key]
    // What the other end of the period has to fit.
    const rest = ends[key] ?? {}
    const take = (value: number) => resolveSettings('lan', { ...rest, [key]: value })[key]
    expect([take(min), take(max)]).toEqual([min, max])
    const wrong = [min - 1, max + 1, Number.NaN, Number.POSITIVE_INFINITY, ...(whole ? [min + 0.5] : [])]
    for (const value of wrong) {
      const error = thrown(() => take(value))
      expect(error).toBeInstanceOf(SettingsError)
      expect(error.message).toContain(`${key} is ${value}`)
      expect(error.message).toContain(`${min}..${max}`)
    }
    expect(thrown(() => resolveSettings('lan', { [key]: '5' }))).toBeInstanceOf(SettingsError)
  })

  test('undefined leaves a setting as the profile has it', () => {
    const given: { [K in keyof Settings]?: undefined } = { probeInterval: undefined }
    expect(resolveSettings('wan', given as object)).toEqual(profiles.wan)
  })

  test('a probe timeout above the probe interval is refused, with both values', () => {
    const error = thrown(() => resolveSettings('lan', { probeInterval: 100 }))
    expect(error.message).toBe('probeTimeout is 500: must be at most probeInterval, which is 100')
  })

  test.each(['constructor', 'toString', '__proto__', 'nope'])('no setting is called %s', (key) => {
    const overrides: unknown = JSON.parse(`{ "${key}": 1 }`)
    const error = thrown(() => resolveSettings('lan', overrides as Partial<Settings>))
    expect(error).toBeInstanceOf(SettingsError)
    expect(error.message).toContain(key)
  })

  test.each(['constructor', 'toString', '__proto__', 'LAN', ''])('no profile is called "%s"', (profile) => {
    const error = thrown(() => resolveSettings(profile as ProfileName))
    expect(error).toBeInstanceOf(SettingsError)
    expect(error.message).toContain('must be lan, wan or local')
  })
})

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
