import { profiles, resolveSettings, type Settings, SettingsError } from '../engine/settings.ts'
import { type Address, AddressError, canonicalHost, parseAddress, splitHostPort } from '../model/address.ts'
import { AllowList } from '../model/allow-list.ts'
import type { CodecPlugin } from '../wire/codec.ts'
import { nameProblem } from '../wire/names.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import type { Detector, Hooks, NodeOptions } from './api.ts'
import { OptionError } from './errors.ts'

/** Options after they were checked, with defaults filled in. */
export interface CheckedOptions {
  readonly name: NodeOptions['name']
  readonly cluster: string
  readonly bind: Address
  /** Who may speak to this node and be a member; undefined: anybody. */
  readonly allow: AllowList | undefined
  /** Host and port to tell others, as far as they are given. */
  readonly advertise: { readonly host: string; readonly port: number | undefined } | undefined
  readonly detectors: readonly Detector[]
  readonly codec: CodecPlugin
  readonly profile: 'lan' | 'wan' | 'local'
  readonly settings: Settings
  readonly dropRate: number
  readonly coordinates: boolean
  readonly eventHistory: number
}

const defaultPort = 7_946
/** One for all nodes of a process: what it interns is a cache, and the same names come by at each of them. */
const defaultCodec = swimCodec()

/** Checks what `createNode` was given. Throws an {@link OptionError} that names the option, what was wrong, and what is allowed. */
export function checkOptions(options: NodeOptions): CheckedOptions {
  const {
    bind = `0.0.0.0:${defaultPort}`,
    cluster = 'default',
    codec = defaultCodec,
    coordinates = true,
    dropRate = 0,
    eventHistory = 0,
    host,
    name,
    profile = 'lan',
    transport,
  } = options
  if (typeof host?.wake !== 'function') {
    throw new OptionError('host', 'host is missing: pass host() from @swimkit/host')
  }
  if (transport?.kind !== 'transport')
    throw new OptionError('transport', 'transport is missing, or no transport')
  checkApi('transport', transport)
  if (codec?.kind !== 'codec') throw new OptionError('codec', 'codec is no codec')
  checkApi('codec', codec)
  if (typeof name === 'string') checkName('name', name)
  else if (name !== undefined && typeof name !== 'function') {
    throw new OptionError('name', 'name must be a text, or a function of the address')
  }
  checkName('cluster', cluster)
  checkRange('dropRate', dropRate, 0, 1)
  if (typeof coordinates !== 'boolean') {
    throw new OptionError('coordinates', `coordinates is ${String(coordinates)}: must be true or false`)
  }
  checkRange('eventHistory', eventHistory, 0, 100_000)
  if (!Number.isInteger(eventHistory)) {
    throw new OptionError('eventHistory', `eventHistory is ${eventHistory}: must be a whole number`)
  }
  if (!Object.hasOwn(profiles, profile)) {
    throw new OptionError(
      'profile',
      `profile ${JSON.stringify(profile)} is unknown: must be lan, wan or local`,
    )
  }
  checkHooks(options.hooks ?? {})
  return {
    name,
    cluster,
    allow: readAllowed(options.allow),
    bind: readAddress('bind', () => parseAddress(bind, defaultPort, { portZero: true })),
    advertise: options.advertise === undefined ? undefined : readAdvertise(options.advertise),
    detectors: checkDetectors(options.detector),
    codec,
    profile,
    settings: readSettings(options, profile),
    dropRate,
    coordinates,
    eventHistory,
  }
}

function readAllowed(networks: NodeOptions['allow']): AllowList | undefined {
  if (networks === undefined) return undefined
  if (!Array.isArray(networks) || networks.length === 0) {
    throw new OptionError('allow', 'allow names nobody: leave it out to allow anybody')
  }
  try {
    return new AllowList(networks)
  } catch (error) {
    if (error instanceof AddressError)
      throw new OptionError('allow', `allow: ${error.message}`, { cause: error })
    throw error
  }
}

/** Throws an {@link OptionError} where others, who have the same list, would not let this node in. */
export function checkAllowed(own: string, allow: AllowList | undefined): void {
  if (allow === undefined || allow.allows(own)) return
  throw new OptionError('allow', `allow is ${allow}: this node's own address ${own} is not in it`)
}

function checkDetectors(given: NodeOptions['detector']): readonly Detector[] {
  const detectors: readonly Detector[] = Array.isArray(given) ? given : [given as Detector]
  if (detectors.length === 0) throw new OptionError('detector', 'detector is empty: at least one is needed')
  const names = new Set<string>()
  for (const detector of detectors) {
    if (detector?.kind !== 'detector')
      throw new OptionError('detector', 'detector is missing, or no detector')
    checkApi('detector', detector)
    if (names.has(detector.name)) {
      throw new OptionError('detector', `detector ${JSON.stringify(detector.name)} is given twice`)
    }
    names.add(detector.name)
  }
  return detectors
}

function checkApi(option: string, plugin: { readonly name: string; readonly api: number }): void {
  if (plugin.api === 1) return
  throw new OptionError(
    option,
    `${option} ${JSON.stringify(plugin.name)} speaks plugin contract ${plugin.api}; this build speaks 1`,
  )
}

export function checkName(option: string, name: string): void {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new OptionError(option, `${option} ${JSON.stringify(name)}: ${problem}`)
}

/** Throws an {@link OptionError} for anything but a number `min`..`max`. */
export function checkRange(option: string, value: number, min: number, max: number): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new OptionError(option, `${option} is ${String(value)}: must be ${min}..${max}`)
  }
}

/** Throws an {@link OptionError} for a buffer that is none. */
export function checkBuffer(buffer: number | undefined): void {
  if (buffer === undefined || (Number.isInteger(buffer) && buffer >= 1 && buffer <= 1_000_000)) return
  throw new OptionError('buffer', `buffer is ${buffer}: must be a whole number 1..1000000`)
}

function checkHooks(hooks: Hooks): void {
  for (const [key, hook] of Object.entries(hooks)) {
    if (hook !== undefined && typeof hook !== 'function') {
      throw new OptionError('hooks', `hooks.${key} is no function`)
    }
  }
}

function readSettings(options: NodeOptions, profile: 'lan' | 'wan' | 'local'): Settings {
  try {
    return resolveSettings(profile, options.settings)
  } catch (error) {
    if (error instanceof SettingsError) throw new OptionError('settings', error.message, { cause: error })
    throw error
  }
}

function readAdvertise(text: string): { host: string; port: number | undefined } {
  const alone = canonicalHost(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text)
  if (alone !== undefined) return { host: alone, port: undefined }
  return readAddress('advertise', () => {
    const { host, port } = splitHostPort(text, 0, { portZero: true })
    const literal = canonicalHost(host)
    if (literal === undefined) throw new AddressError(text, 'must be an IP address, with or without a port')
    return { host: literal, port: port === 0 ? undefined : port }
  })
}

function readAddress<T>(option: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof AddressError)
      throw new OptionError(option, `${option}: ${error.message}`, { cause: error })
    throw error
  }
}
