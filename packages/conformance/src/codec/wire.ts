import {
  type Codec,
  type Decoded,
  type Fault,
  type FaultKind,
  faultKinds,
  isFault,
  isKeyFault,
  type Message,
  type Sender,
  type StreamMessage,
  type StreamReader,
} from '@swimkit/core'
import { joined } from '../case/bytes.ts'
import { type Clause, check, checkSame, mustNotThrow } from '../case/check.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'

/** A packet of these messages. */
export function packetOf(codec: Codec, from: Sender, ...messages: readonly Message[]): Uint8Array {
  return codec.bundle(
    from,
    messages.map((message) => codec.encode(message)),
    undefined,
  )
}

/** A whole stream of a message. */
export const streamOf = (codec: Codec, from: Sender, message: Message): Uint8Array =>
  joined([...codec.encodeStream(from, message)])

/** Decodes; an exception is a failure. */
export function decode(codec: Codec, packet: Uint8Array, what: string): Decoded | Fault {
  return mustNotThrow(() => codec.decode(packet), contract.total, `decoding ${what}`)
}

/** Pushes; an exception is a failure. */
export function push(
  reader: StreamReader,
  chunk: Uint8Array,
  what: string,
): StreamMessage | Fault | undefined {
  return mustNotThrow(() => reader.push(chunk), contract.total, `reading ${what}`)
}

export function pushAll(
  reader: StreamReader,
  chunks: Iterable<Uint8Array>,
  what: string,
): StreamMessage | Fault | undefined {
  let outcome: StreamMessage | Fault | undefined
  for (const chunk of chunks) outcome = push(reader, chunk, what)
  return outcome
}

/** It is a fault, of that kind if one is given, that says why. */
export function checkFault(
  outcome: object | undefined,
  what: string,
  kind?: FaultKind,
): asserts outcome is Fault {
  check(
    outcome !== undefined && isFault(outcome),
    contract.total,
    () => `${what} was to be a fault, and gave ${show(outcome)}`,
  )
  checkSound(outcome, what)
  const ofKeys = kind !== undefined && isKeyFault({ fault: kind, detail: '' })
  const clause = kind === 'cluster' ? contract.cluster : ofKeys ? contract.sealer : contract.fault
  check(
    kind === undefined || outcome.fault === kind,
    clause,
    () => `${what} was to be a fault of kind ${kind}, and is one of kind ${outcome.fault}: ${outcome.detail}`,
  )
}

/** It is what was expected, and no fault. */
export function checkCame(
  outcome: Decoded | StreamMessage | Fault | undefined,
  expected: object,
  clause: Clause,
  what: string,
): void {
  const fault = outcome !== undefined && isFault(outcome) ? outcome : undefined
  check(fault === undefined, clause, () => `${what} is a fault of kind ${fault?.fault}: ${fault?.detail}`)
  checkSame(outcome, expected, clause, what)
}

/** Anything that a decoder may say of bytes that are not whole. */
export function checkSound(outcome: Decoded | StreamMessage | Fault | undefined, what: string): void {
  if (outcome === undefined || !isFault(outcome)) return
  const known = (faultKinds as readonly string[]).includes(outcome.fault)
  check(known && typeof outcome.detail === 'string', contract.fault, () => `${what} gave ${show(outcome)}`)
}
