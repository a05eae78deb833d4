import { hostname } from 'node:os'
import { defaultPort, type Seed } from '@swimkit/bootstrap'
import type { Address, ProfileName, Service, Settings } from '@swimkit/core'
import { CliError } from '../errors.ts'
import { type ControlSettings, controlSettings } from './control-settings.ts'
import { readConfig } from './file.ts'
import { keysIn } from './keys.ts'
import { eitherOf, flagRank, type Loaded, loadSettings } from './load.ts'
import { type NamedFile, readNamedFile } from './named-file.ts'
import { timings } from './timings.ts'

/** All that `start` needs to know, checked, with the defaults filled in. */
export interface StartSettings {
  /** Undefined: by the address, once the port is known. */
  readonly name: string | ((address: Address) => string)
  readonly cluster: string
  /** Host, interface name or CIDR, not yet looked up. */
  readonly bind: string
  readonly port: number
  readonly advertise: { readonly host: string; readonly port: number | undefined } | undefined
  readonly seeds: readonly Seed[]
  /** Where snapshots are kept; undefined: nowhere. */
  readonly dataDir: string | undefined
  /** Where the local network is asked; undefined: it is not. */
  readonly lanPort: number | undefined
  /** Where the settings come from, beside flags and environment. */
  readonly configFile: string | undefined
  readonly detector: string
  readonly transport: string
  readonly codec: string
  readonly profile: ProfileName
  /** Single timings over the profile's, milliseconds. */
  readonly timings: Partial<Settings>
  readonly control: ControlSettings
  /** In base64; the first one seals. None: nothing is sealed. */
  readonly keys: readonly string[]
  /** Where the keys are from, and are kept when the cluster exchanges them; undefined: from elsewhere. */
  readonly keyFile: NamedFile | undefined
  readonly verifyOutgoing: boolean
  readonly verifyIncoming: boolean
  /** Networks of those who may speak to this node; none: anybody. */
  readonly allow: readonly string[]
  readonly services: readonly Service[]
  readonly tags: Readonly<Record<string, string>>
  /** What is answered to queries, by their name. */
  readonly answers: Readonly<Record<string, string>>
  readonly payload: Uint8Array | undefined
  readonly dropRate: number
  /** Milliseconds. */
  readonly drain: number
  readonly detach: boolean
  readonly pidFile: string | undefined
  readonly logFile: string | undefined
  /** Milliseconds, 0 is off; undefined: 10 s where it is a terminal. */
  readonly statusInterval: number | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly logFormat: 'text' | 'json'
  /** What the user should know before anything starts. */
  readonly warnings: readonly string[]
}

async function keys(loaded: Loaded, warnings: string[]): Promise<Pick<StartSettings, 'keyFile' | 'keys'>> {
  const { source, values } = loaded
  const key = eitherOf(loaded, 'key', 'key-file')
  if (key === undefined) return { keys: [], keyFile: undefined }
  const { label, rank } = source.get(key)!
  if (key === 'key') {
    if (rank === flagRank) {
      warnings.push('--key shows in the process list: prefer --key-file or SWIM_KEY')
    }
    return { keys: values[key]!, keyFile: undefined }
  }
  const keyFile = { label, path: values[key]! }
  return { keys: await keysIn(keyFile, warnings), keyFile }
}

/** How far the cluster has come on its way to sealing. */
function verification({ source, values }: Loaded): { verifyOutgoing: boolean; verifyIncoming: boolean } {
  const [outgoing, incoming] = [values['verify-outgoing'], values['verify-incoming']]
  const keyed = values.key !== undefined || values['key-file'] !== undefined
  for (const key of ['verify-outgoing', 'verify-incoming'] as const) {
    if (values[key] !== undefined && !keyed) {
      throw new CliError(
        2,
        `${source.get(key)?.label}: says how to seal, and there is no key: give --key-file`,
      )
    }
  }
  if (outgoing === false && incoming !== false) {
    throw new CliError(
      2,
      `${source.get('verify-outgoing')?.label}: nobody who is set up like this node would take in what it sends: give --verify-incoming false as well`,
    )
  }
  return { verifyOutgoing: outgoing ?? true, verifyIncoming: incoming ?? true }
}

async function payload(loaded: Loaded): Promise<Uint8Array | undefined> {
  const key = eitherOf(loaded, 'payload', 'payload-file')
  if (key === undefined) return undefined
  if (key === 'payload') return new TextEncoder().encode(loaded.values[key])
  return readNamedFile(loaded.source.get(key)?.label ?? key, loaded.values[key]!)
}

/** Not the node's own port, which it has for itself. */
function lanPort({ source, values }: Loaded, port: number): number | undefined {
  const wanted = values['lan-port']
  if (wanted === undefined || wanted !== port) return wanted
  throw new CliError(
    2,
    `${source.get('lan-port')?.label}: ${wanted} is not allowed: it is the port of the node itself`,
  )
}

/**
 * The settings of `start` from flags, environment and file. Throws a {@link CliError} with exit code 2 that names the
 * source, the value and what is allowed.
 */
export async function startSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StartSettings> {
  const path = loadSettings({ flags: { config: flags.config }, env: { SWIM_CONFIG: env.SWIM_CONFIG } })
  const named = path.values.config
  const warnings: string[] = []
  const file =
    named === undefined
      ? undefined
      : await readConfig(path.source.get('config')?.label ?? '--config', named, warnings)
  const loaded = loadSettings({ flags, env, file })
  const { values } = loaded

  const port = values.port ?? defaultPort
  const profile = values.profile ?? 'lan'
  const tags = values.tag ?? []

  return {
    // The port that others are told, which may be one that the system picks.
    name:
      values.name ?? (port === 0 ? (address) => `${hostname()}:${address.port}` : `${hostname()}:${port}`),
    cluster: values.cluster ?? 'default',
    bind: values.bind ?? '0.0.0.0',
    port,
    advertise: values.advertise,
    seeds: values.seed ?? [],
    dataDir: values['data-dir'],
    lanPort: lanPort(loaded, port),
    configFile: named,
    detector: values.detector ?? 'pingack',
    transport: values.transport ?? 'udp',
    codec: values.codec ?? 'swim',
    profile,
    timings: timings(loaded, profile),
    control: await controlSettings(loaded, warnings),
    ...(await keys(loaded, warnings)),
    ...verification(loaded),
    allow: values.allow ?? [],
    services: values.service ?? [],
    tags: Object.fromEntries(tags),
    answers: Object.fromEntries(values.answer ?? []),
    payload: await payload(loaded),
    dropRate: values['drop-rate'] ?? 0,
    drain: values.drain ?? 0,
    detach: values.detach ?? false,
    pidFile: values['pid-file'],
    logFile: values['log-file'],
    statusInterval: values['status-interval'],
    logLevel: values['log-level'] ?? 'info',
    logFormat: values['log-format'] ?? 'text',
    warnings,
  }
}
