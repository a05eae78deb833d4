import { parseHostPort, parseSeed, seedAllowed } from '@swimkit/bootstrap'
import { AddressError, AllowList, nameProblem, profiles, type Settings, settingRanges } from '@swimkit/core'
import * as v from 'valibot'
import { controlAllowed, parseControl } from './control-address.ts'
import { formatDuration, parseDuration } from './duration.ts'
import type { FieldKey } from './fields.ts'
import { isHost } from './is-host.ts'
import { isKey, keyAllowed } from './keys.ts'
import { parseService } from './service.ts'
import { isTagKey } from './tag-key.ts'
import { isToken, tokenAllowed } from './token.ts'

// Each schema takes what a flag or a variable gives (text) and what a file gives (text, numbers, lists, maps). Each
// message says what is allowed; what was given is said by whoever reports it.

/** A number, or text that is one. */
const numeric = (allowed: string) =>
  v.pipe(
    v.union(
      [
        v.number(),
        v.pipe(
          v.string(),
          v.trim(),
          v.regex(/^(\d+\.?\d*|\.\d+)$/),
          v.transform((text) => Number(text)),
        ),
      ],
      allowed,
    ),
    v.finite(allowed),
  )

export function number(min: number, max: number, whole: boolean) {
  const allowed = `must be ${whole ? 'a whole' : 'a'} number ${min}..${max}`
  return v.pipe(
    numeric(allowed),
    v.check((n) => n >= min && n <= max && (!whole || Number.isInteger(n)), allowed),
  )
}

/** In milliseconds; the bounds too. `off`: 0 as well. */
export function duration(min: number, max: number, off = false) {
  const allowed = `must be ${off ? '0 or ' : ''}a duration ${formatDuration(min)}..${formatDuration(max)}: seconds, or with a unit (500ms, 2m)`
  return v.pipe(
    v.union([v.string(), v.number()], allowed),
    v.check((raw) => {
      const ms = parseDuration(raw)
      return (ms >= min && ms <= max) || (off && ms === 0)
    }, allowed),
    v.transform(parseDuration),
  )
}

const setting = (key: keyof Settings) => number(...settingRanges[key])
const settingDuration = (key: keyof Settings) => {
  const [min, max] = settingRanges[key]
  return duration(min, max)
}

export function oneOf<const T extends readonly string[]>(names: T) {
  return v.picklist(names, `must be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`)
}

/** Text of so many bytes of UTF-8. Numbers are taken as text: YAML reads `name: 5` as one. */
export function text(pattern: RegExp, maxBytes: number, allowed: string) {
  return v.pipe(
    v.union(
      [
        v.string(),
        v.pipe(
          v.number(),
          v.transform((n) => String(n)),
        ),
      ],
      allowed,
    ),
    v.check((s) => pattern.test(s) && new TextEncoder().encode(s).length <= maxBytes, allowed),
  )
}

/** Several values: a list, or (where `comma` is set) text with commas between them. */
function many<T>(one: v.GenericSchema<string, T>, allowed: string, comma: boolean) {
  return v.pipe(
    v.union([v.string(), v.array(v.string(allowed), allowed)], allowed),
    v.transform((raw) =>
      (typeof raw === 'string' ? [raw] : raw)
        .flatMap((part) => (comma ? part.split(',') : [part]))
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
    v.array(one),
  )
}

/** Of what keeps others out: where a value is given it must not come to nothing, such as a variable of a script that is not set. */
const notNone = <T>(schema: v.GenericSchema<unknown, T[]>, message: string) =>
  v.pipe(schema, v.minLength(1, message))

const file = v.pipe(v.string('must be the path of a file'), v.nonEmpty('must be the path of a file'))

const networkAllowed = 'must be an IP address, or a network as 10.0.0.0/8 or 2001:db8::/32'
function isNetwork(text: string): boolean {
  try {
    new AllowList([text])
    return true
  } catch (error) {
    if (error instanceof AddressError) return false
    throw error
  }
}

const folder = v.pipe(v.string('must be the path of a folder'), v.nonEmpty('must be the path of a folder'))

const packageOrShortName = text(
  /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/,
  214,
  "must be a built-in name or a plugin's package name; paths and URLs are not allowed",
)

const seed = v.pipe(
  v.string(seedAllowed),
  v.check((s) => parseSeed(s) !== undefined, seedAllowed),
  v.transform((s) => parseSeed(s)!),
)

const serviceAllowed = 'must be name or name:port, the name 1..64 of a-z A-Z 0-9 . _ -, the port 1..65535'
const service = v.pipe(
  v.string(serviceAllowed),
  v.check((s) => parseService(s) !== undefined, serviceAllowed),
  v.transform((s) => parseService(s)!),
)

const tagAllowed = 'must be key=value, the key 1..64 bytes without spaces or "="'
const tag = v.pipe(
  v.string(tagAllowed),
  v.check((s) => s.includes('=') && isTagKey(s.slice(0, s.indexOf('='))), tagAllowed),
  v.transform((s): [string, string] => [s.slice(0, s.indexOf('=')), s.slice(s.indexOf('=') + 1)]),
)
const answerAllowed = 'must be query=text, the query 1..128 bytes without spaces or "="'
const answer = v.pipe(
  v.string(answerAllowed),
  v.check((s) => s.includes('=') && nameProblem(s.slice(0, s.indexOf('='))) === undefined, answerAllowed),
  v.transform((s): [string, string] => [s.slice(0, s.indexOf('=')), s.slice(s.indexOf('=') + 1)]),
)
/** Tags as a list of `key=value`, or, in a file, as a map. */
const tagMap = v.pipe(
  v.record(
    v.pipe(v.string(tagAllowed), v.check(isTagKey, tagAllowed)),
    v.union([v.string(), v.number(), v.boolean()], 'must have text as the value of each key'),
  ),
  v.transform((map) => Object.entries(map).map(([key, value]): [string, string] => [key, String(value)])),
)
const isMap = (raw: unknown): boolean => typeof raw === 'object' && raw !== null && !Array.isArray(raw)

const bindAllowed = 'must be an IP address, a host name, an interface name or a CIDR such as 10.0.0.0/8'
const advertiseAllowed = 'must be host or host:port (IPv6 in brackets), the port 1..65535'

const hostNameAllowed = 'must be a host name without a port'
const token = v.pipe(v.string(tokenAllowed), v.check(isToken, tokenAllowed))

const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(['true', 'false', '1', '0']),
      v.transform((s) => s === 'true' || s === '1'),
    ),
  ],
  'must be true or false',
)

const nameCharacters = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}]+$/u
const nameAllowed = 'must be 1..128 bytes without spaces or control characters'
export const nodeName = text(nameCharacters, 128, nameAllowed)

const dayMs = 86_400_000

/** What each setting may be, and what it becomes. Durations become milliseconds. */
export const schemas = {
  name: nodeName,
  cluster: text(nameCharacters, 128, nameAllowed),
  bind: v.pipe(v.string(bindAllowed), v.regex(/^[\w.:%/[\]-]{1,255}$/, bindAllowed)),
  port: number(0, 65_535, true),
  advertise: v.pipe(
    v.string(advertiseAllowed),
    v.check((s) => {
      const parsed = parseHostPort(s)
      return parsed !== undefined && parsed.port !== 0
    }, advertiseAllowed),
    v.transform((s) => parseHostPort(s)!),
  ),
  seed: many(seed, seedAllowed, true),
  'data-dir': folder,
  'lan-port': number(1, 65_535, true),
  detector: packageOrShortName,
  transport: packageOrShortName,
  codec: packageOrShortName,
  profile: oneOf(Object.keys(profiles) as (keyof typeof profiles)[]), // an own literal: it has no other keys
  'probe-interval': settingDuration('probeInterval'),
  'probe-timeout': settingDuration('probeTimeout'),
  'probe-timeout-min': settingDuration('probeTimeoutMin'),
  adaptive: flag,
  'suspicion-mult': setting('suspicionMult'),
  'suspicion-quorum': setting('suspicionQuorum'),
  'refusal-quorum': setting('refusalQuorum'),
  'indirect-probes': setting('indirectProbes'),
  'gossip-interval': settingDuration('gossipInterval'),
  'gossip-fanout': setting('gossipFanout'),
  'sync-interval': settingDuration('syncInterval'),
  'failed-retention': settingDuration('failedRetention'),
  control: v.pipe(
    v.string(controlAllowed),
    v.check((s) => parseControl(s) !== undefined, controlAllowed),
    v.transform((s) => parseControl(s)!),
  ),
  'control-port': number(0, 65_535, true),
  'control-token-file': file,
  'control-token': token,
  'control-read-token-file': file,
  'control-read-token': token,
  'control-cert': file,
  'control-key': file,
  'control-name': many(
    v.pipe(
      v.string(hostNameAllowed),
      v.check((s) => isHost(s) && !s.includes(':'), hostNameAllowed),
    ),
    hostNameAllowed,
    true,
  ),
  'control-rate-limit': number(0, 100_000, false),
  'key-file': file,
  key: notNone(
    many(v.pipe(v.string(keyAllowed), v.check(isKey, keyAllowed)), keyAllowed, true),
    'must hold a key: leave it out to seal nothing',
  ),
  'verify-outgoing': flag,
  'verify-incoming': flag,
  allow: notNone(
    many(v.pipe(v.string(networkAllowed), v.check(isNetwork, networkAllowed)), networkAllowed, true),
    'must name an address or a network: leave it out to let in anybody',
  ),
  service: many(service, serviceAllowed, true),
  tag: v.lazy((raw) => (isMap(raw) ? tagMap : many(tag, tagAllowed, false))),
  answer: many(answer, answerAllowed, false),
  payload: v.string('must be text'),
  'payload-file': file,
  'drop-rate': number(0, 1, false),
  drain: duration(0, 3_600_000, true),
  detach: flag,
  'pid-file': file,
  'log-file': file,
  'status-interval': duration(100, dayMs, true),
  'log-level': oneOf(['debug', 'info', 'warn', 'error']),
  'log-format': oneOf(['text', 'json']),
  config: file,
} satisfies Record<FieldKey, v.GenericSchema<never, unknown> | v.GenericSchema>

/** The value that each setting has once it was checked. */
export type FieldValues = { readonly [K in FieldKey]?: v.InferOutput<(typeof schemas)[K]> }
