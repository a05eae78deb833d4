import { deepStrictEqual } from 'node:assert/strict'
import type { Message } from '@swimkit/core'
import { type Format, json, msgpackr, swim } from './formats.mts'
import { type Case, type MeasureOptions, measureCases, type Times } from './measure.mts'
import {
  acks,
  alives,
  changedAlives,
  newAlives,
  newSuspects,
  newTens,
  pings,
  sender,
  suspects,
  syncs,
  tens,
} from './messages.mts'

/** One message, or one packet, in one format. */
export interface CodecFigure {
  readonly format: string
  readonly bytes: number
  readonly encodeNs: number
  readonly decodeNs: number
}

export interface CodecResult {
  /** `alone`: as an object is turned into bytes. `sent`: with cluster, sender and, swim's, a checksum. */
  readonly level: 'alone' | 'sent'
  readonly what: string
  readonly figures: readonly CodecFigure[]
  /** swim beside the better of msgpackr's two ways, of each figure. */
  readonly ratios: Readonly<Record<'bytes' | 'encodeNs' | 'decodeNs', number>>
}

/** One thing to be encoded, and how a format does it. */
interface Subject {
  readonly level: CodecResult['level']
  readonly what: string
  readonly values: readonly unknown[]
  readonly batch: number
  readonly encode: (format: Format, value: unknown) => unknown
  readonly decode: (format: Format, encoded: unknown) => unknown
  /** What decoding gives back of a value, in every format but JSON. */
  readonly expect: (value: unknown) => object
  /** Another object that says the same, where an object that was encoded before is not to be met again. */
  readonly anew?: (value: unknown) => unknown
}

export async function measureCodecs(
  options: MeasureOptions,
  say: (line: string) => void,
): Promise<CodecResult[]> {
  const samples = [pings[0]!, acks[0]!, alives[0]!, suspects[0]!, syncs[0]!]
  const formats = [swim(), msgpackr(true, samples), msgpackr(false, samples), json()]
  const results: CodecResult[] = []
  for (const subject of subjects) {
    say(`codec: ${subject.what}, ${subject.level}`)
    results.push(await measureSubject(subject, formats, options))
  }
  return results
}

async function measureSubject(
  subject: Subject,
  formats: readonly Format[],
  options: MeasureOptions,
): Promise<CodecResult> {
  const { anew = asItIs, batch, level, values, what } = subject
  const cases: Case[] = []
  const bytes = new Map<string, number>()
  for (const format of formats) {
    const given = values.map((value) => prepared(value, format))
    const encoded = given.map((value) => subject.encode(format, value))
    checkRoundTrips(subject, format, encoded)
    bytes.set(format.name, encoded.reduce((sum: number, each) => sum + sizeOf(each), 0) / values.length)
    const value = inTurn(given)
    const coded = inTurn(encoded)
    cases.push(
      { name: `encode ${format.name}`, batch, run: () => subject.encode(format, anew(value())) },
      { name: `decode ${format.name}`, batch, run: () => subject.decode(format, coded()) },
    )
  }
  const times = await measureCases(cases, options)
  const bytesOf = (name: string): number => bytes.get(name)!
  const figures = formats.map(({ name }) => ({
    format: name,
    bytes: bytesOf(name),
    encodeNs: times.of(`encode ${name}`),
    decodeNs: times.of(`decode ${name}`),
  }))
  return {
    level,
    what,
    figures,
    ratios: {
      bytes: besideMsgpackr(formats, (ours, theirs) => bytesOf(ours) / bytesOf(theirs)),
      encodeNs: ratioOf(times, 'encode', formats),
      decodeNs: ratioOf(times, 'decode', formats),
    },
  }
}

const ratioOf = (times: Times, how: 'encode' | 'decode', formats: readonly Format[]): number =>
  besideMsgpackr(formats, (ours, theirs) => times.ratio(`${how} ${ours}`, `${how} ${theirs}`))

/** Beside the better one the ratio is the larger. */
function besideMsgpackr(formats: readonly Format[], ratio: (ours: string, theirs: string) => number): number {
  const theirs = formats.map(({ name }) => name).filter((name) => name.startsWith('msgpackr'))
  return Math.max(...theirs.map((name) => ratio('swim', name)))
}

const prepared = (value: unknown, format: Format): unknown =>
  Array.isArray(value) ? value.map(format.prepare) : format.prepare(value as Message)

const asItIs = (value: unknown): unknown => value

/** One after the other, round and round. */
function inTurn<T>(values: readonly T[]): () => T {
  let next = 0
  return () => {
    if (next === values.length) next = 0
    return values[next++]!
  }
}

/** How many of a subject's values are compared: there are thousands for the clock's sake alone, and comparing takes longer than all else. */
const compared = 200

/** A format that is fast and wrong is not to win. */
function checkRoundTrips(subject: Subject, format: Format, encoded: readonly unknown[]): void {
  if (format.name === 'JSON') return
  const step = Math.ceil(encoded.length / compared)
  for (let i = 0; i < encoded.length; i += step) {
    const {
      cluster: _,
      skipped: __,
      ...decoded
    } = plain(subject.decode(format, encoded[i])) as Record<string, unknown>
    deepStrictEqual(decoded, plain(subject.expect(subject.values[i])), `${format.name}: ${subject.what}`)
  }
}

/** Node's buffers as the bytes that they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

const sizeOf = (encoded: unknown): number =>
  Array.isArray(encoded)
    ? encoded.reduce((sum: number, chunk: Uint8Array) => sum + chunk.length, 0)
    : (encoded as Uint8Array).length

const alone = (what: string, values: readonly Message[], batch: number): Subject => ({
  level: 'alone',
  what,
  values,
  batch,
  encode: (format, value) => format.encode(value as Message),
  decode: (format, encoded) => format.decode(encoded as Uint8Array),
  expect: (value) => value as Message,
})

const inPacket = (what: string, values: readonly (readonly Message[])[], batch: number): Subject => ({
  level: 'sent',
  what,
  values,
  batch,
  encode: (format, value) => format.encodePacket(value as readonly Message[]),
  decode: (format, encoded) => format.decodePacket(encoded as Uint8Array),
  expect: (messages) => ({ sender, messages }),
})

const onStream = (what: string, values: readonly Message[], batch: number): Subject => ({
  level: 'sent',
  what,
  values,
  batch,
  encode: (format, value) => format.encodeStream(value as Message),
  decode: (format, encoded) => format.decodeStream(encoded as Uint8Array[]),
  expect: (message) => ({ sender, message }),
})

/** The subject with claims that nobody has met: bytes long forgotten, and objects that are new. Their copying is in every format's figure. */
const anew = (subject: Subject): Subject => ({
  ...subject,
  what: `${subject.what}, new`,
  anew: (value) =>
    Array.isArray(value) ? value.map((message: object) => ({ ...message })) : { ...(value as object) },
})

const each = (messages: readonly Message[]): Message[][] => messages.map((message) => [message])

const subjects: readonly Subject[] = [
  alone('ping', pings, 512),
  alone('ack', acks, 512),
  anew(alone('alive, its data changed', changedAlives, 256)),
  anew(alone('alive with data', newAlives, 256)),
  alone('alive with data, heard before', alives, 256),
  anew(alone('suspect', newSuspects, 512)),
  alone('suspect, heard before', suspects, 512),
  alone('sync of 200 members', syncs, 2),
  inPacket('ping', each(pings), 512),
  inPacket('ack', each(acks), 512),
  anew(inPacket('ten alive claims', newTens, 32)),
  inPacket('ten alive claims, heard before', tens, 32),
  onStream('sync of 200 members', syncs, 2),
]
