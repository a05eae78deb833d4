import { profiles, type Settings, settingRanges } from '@swimkit/core'
import type { Conditions, Latency } from '@swimkit/simulator'
import * as v from 'valibot'
import { parseDuration } from '../config/duration.ts'
import { duration, nodeName, number, oneOf, schemas } from '../config/schemas.ts'
import { isDuration } from '../control/settings-json.ts'
import { latencyAllowed, parseLatency } from './latency.ts'

// Each message says what is allowed; where it stands and what was given is said by whoever reports it.

/** As many as a node holds members by default (`maxMembers`). */
export const maxNodes = 65_536
const maxSteps = 10_000
const day = 86_400_000

const isMap = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)

/** A map with these keys and no others. */
function map<const E extends v.ObjectEntries>(entries: E) {
  const keys = Object.keys(entries).join(', ')
  return v.strictObject(entries, ({ expected, received }) =>
    expected === 'never'
      ? `unknown key: allowed are ${keys}`
      : received === 'undefined'
        ? 'is missing'
        : `must be a map with ${keys}`,
  )
}

const time = duration(1, day)
const instant = duration(0, day, true)
const share = number(0, 1, false)
const flag = v.boolean('must be true or false')

const namesAllowed = 'must be the name of a node, a range (n0..n9), or a list of these'
const range = /^(.*?)(\d{1,6})\.\.(.*?)(\d{1,6})$/

/** A name stands for itself, and `n0..n9` for ten. Undefined where it is neither. */
function expand(text: string): readonly string[] | undefined {
  const match = range.exec(text)
  if (match === null) return v.is(nodeName, text) ? [text] : undefined
  const [, prefix = '', first, again, last] = match
  const [from, to] = [Number(first), Number(last)]
  if ((again !== '' && again !== prefix) || from > to || to - from >= maxNodes) return undefined
  const names = Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`)
  return v.is(nodeName, names[0]) ? names : undefined
}

const one = v.pipe(
  v.string(namesAllowed),
  v.check((text) => expand(text) !== undefined, namesAllowed),
  v.transform((text) => expand(text)!),
)
const many = v.pipe(
  v.array(one),
  v.transform((lists) => lists.flat()),
)
const names = v.lazy((raw) => (Array.isArray(raw) ? many : one))

const single = nodeName

const latencyIn = (raw: unknown): Latency | undefined => {
  if (typeof raw === 'string' || typeof raw === 'number') return parseLatency(raw)
  if (!Array.isArray(raw) || raw.length < 2 || raw.length > 1_000) return undefined
  const ms = raw.map((each: unknown) =>
    typeof each === 'string' || typeof each === 'number' ? parseDuration(each) : Number.NaN,
  )
  return ms.every((each, i) => each >= (ms[i - 1] ?? 0) && each <= 60_000)
    ? { kind: 'quantiles', ms }
    : undefined
}
const latencyListAllowed = `${latencyAllowed}, or a list of measured quantiles, ascending`
const latency = v.pipe(
  v.unknown(),
  v.check((raw) => latencyIn(raw) !== undefined, latencyListAllowed),
  v.transform((raw) => latencyIn(raw)!),
)

const conditions = {
  latency: v.exactOptional(latency),
  loss: v.exactOptional(share),
  duplicate: v.exactOptional(share),
  reorder: v.exactOptional(share),
  reorderBy: v.exactOptional(duration(0, 60_000, true)),
  mtu: v.exactOptional(number(1, 65_535, true)),
  cut: v.exactOptional(oneOf(['nothing', 'packets', 'streams', 'everything'])),
  streams: v.exactOptional(oneOf(['open', 'refused', 'stalled'])),
} satisfies { readonly [K in keyof Conditions]: v.GenericSchema<never, unknown> | v.GenericSchema }

/** By the keys of the table of their ranges; times as durations. */
const settingEntries = Object.fromEntries(
  (Object.keys(settingRanges) as (keyof Settings)[]).map((key) => {
    const [min, max, whole] = settingRanges[key]
    return [key, v.exactOptional(isDuration(key) ? duration(min, max, min === 0) : number(min, max, whole))]
  }),
)
const settings = v.pipe(
  map(settingEntries),
  // Its keys are those of the settings, each checked by its range.
  v.transform((given) => given as Partial<Settings>),
)

const clockAllowed = 'must be whole seconds, negative: behind'
const clock = v.pipe(
  v.number(clockAllowed),
  v.integer(clockAllowed),
  v.minValue(-1e9, clockAllowed),
  v.maxValue(1e9, clockAllowed),
)

const operations = {
  add: map({
    at: instant,
    do: v.literal('add'),
    node: single,
    via: v.exactOptional(single),
    insteadOf: v.exactOptional(single),
    unreachable: v.exactOptional(flag),
  }),
  crash: map({ at: instant, do: v.literal('crash'), node: names, silent: v.exactOptional(flag) }),
  restart: map({
    at: instant,
    do: v.literal('restart'),
    node: names,
    via: v.exactOptional(single),
    rejoin: v.exactOptional(flag),
    address: v.exactOptional(oneOf(['same', 'other'])),
    clock: v.exactOptional(clock),
  }),
  rival: map({
    at: instant,
    do: v.literal('rival'),
    node: single,
    via: v.exactOptional(single),
    clock: v.exactOptional(clock),
  }),
  join: map({ at: instant, do: v.literal('join'), node: names, via: v.exactOptional(single) }),
  leave: map({ at: instant, do: v.literal('leave'), node: names }),
  pause: map({ at: instant, do: v.literal('pause'), node: names, for: v.exactOptional(time) }),
  blockIo: map({ at: instant, do: v.literal('blockIo'), node: names, for: time }),
  slow: map({ at: instant, do: v.literal('slow'), node: names, by: time, for: v.exactOptional(time) }),
  drift: map({
    at: instant,
    do: v.literal('drift'),
    node: names,
    rate: number(0.1, 10, false),
    for: v.exactOptional(time),
  }),
  partition: map({
    at: instant,
    do: v.literal('partition'),
    groups: v.pipe(v.array(names, 'must be a list of groups'), v.minLength(2, 'must be at least two groups')),
    oneWay: v.exactOptional(flag),
    for: v.exactOptional(time),
  }),
  links: map({
    at: instant,
    do: v.literal('links'),
    from: v.exactOptional(names),
    to: v.exactOptional(names),
    change: map(conditions),
    for: v.exactOptional(time),
  }),
  switch: map({
    at: instant,
    do: v.literal('switch'),
    node: single,
    detector: single,
    suspicion: v.exactOptional(flag),
  }),
  forceLeave: map({
    at: instant,
    do: v.literal('forceLeave'),
    node: single,
    member: single,
    prune: v.exactOptional(flag),
  }),
  broadcast: map({
    at: instant,
    do: v.literal('broadcast'),
    node: names,
    name: single,
    text: v.exactOptional(v.string('must be text')),
  }),
  query: map({
    at: instant,
    do: v.literal('query'),
    node: names,
    name: single,
    timeout: v.exactOptional(duration(10, 600_000, false)),
  }),
  send: map({
    at: instant,
    do: v.literal('send'),
    node: names,
    to: single,
    text: v.string('must be text'),
    reliable: v.exactOptional(flag),
  }),
  update: map({
    at: instant,
    do: v.literal('update'),
    node: names,
    text: v.string('must be text'),
    payload: v.exactOptional(number(0, 65_536, true)),
  }),
  heal: map({ at: instant, do: v.literal('heal') }),
}

const assertions = {
  agreement: map({ at: instant, expect: v.literal('agreement'), within: v.exactOptional(time) }),
  status: map({
    at: instant,
    expect: v.literal('status'),
    node: names,
    is: oneOf(['alive', 'suspect', 'failed', 'left', 'unknown']),
    by: v.exactOptional(names),
    within: v.exactOptional(time),
  }),
  told: map({
    at: instant,
    expect: v.literal('told'),
    name: single,
    by: v.exactOptional(names),
    within: v.exactOptional(time),
  }),
  never: map({
    at: instant,
    expect: v.literal('never'),
    event: oneOf(['suspect', 'failed', 'leave', 'conflict']),
    node: v.exactOptional(names),
  }),
}

const listed = (table: object): string => Object.keys(table).join(', ')
const neither = v.custom<never>(
  () => false,
  `must be a map with \`at\`, and either \`do\` (${listed(operations)}) or \`expect\` (${listed(assertions)})`,
)
const unknown = (key: 'do' | 'expect', table: object) =>
  v.pipe(
    v.looseObject({ [key]: v.picklist([], `must be one of ${listed(table)}`) }),
    v.transform((): never => {
      throw new TypeError('no value is in an empty list')
    }),
  )
const unknownOperation = unknown('do', operations)
const unknownAssertion = unknown('expect', assertions)

const step = v.lazy((raw) => {
  if (!isMap(raw) || Object.hasOwn(raw, 'do') === Object.hasOwn(raw, 'expect')) return neither
  if (Object.hasOwn(raw, 'do')) {
    const { do: what } = raw
    return typeof what === 'string' && Object.hasOwn(operations, what)
      ? operations[what as keyof typeof operations]
      : unknownOperation
  }
  const { expect: what } = raw
  return typeof what === 'string' && Object.hasOwn(assertions, what)
    ? assertions[what as keyof typeof assertions]
    : unknownAssertion
})

/** A scenario's file. Durations become milliseconds, and ranges of nodes lists. */
export const document = map({
  name: v.exactOptional(v.pipe(v.string('must be text'), v.maxLength(200, 'must be at most 200 characters'))),
  nodes: v.exactOptional(number(1, maxNodes, true)),
  seed: v.exactOptional(number(0, 4_294_967_295, true)),
  start: v.exactOptional(oneOf(['converged', 'form'])),
  seeds: v.exactOptional(names),
  snapshots: v.exactOptional(duration(100, 3_600_000)),
  profile: v.exactOptional(oneOf(Object.keys(profiles) as (keyof typeof profiles)[])),
  detector: v.exactOptional(schemas.detector),
  codec: v.exactOptional(schemas.codec),
  settings: v.exactOptional(settings),
  network: v.exactOptional(map(conditions)),
  duration: v.exactOptional(duration(100, day)),
  steps: v.pipe(
    v.array(step, 'must be a list of steps'),
    v.maxLength(maxSteps, `must be at most ${maxSteps} steps`),
  ),
})
