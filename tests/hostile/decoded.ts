import { isDeepStrictEqual } from 'node:util'
import { type Codec, type Decoded, type Fault, faultKinds, isFault, type StreamMessage } from '@swimkit/core'
import { hold } from './target.ts'

export type Outcome = Decoded | StreamMessage | Fault | undefined

/** How much more than the bytes of an input what is made of it may be: objects and items of lists count one, texts and bytes their length. */
const growth = 4
const basis = 64

/** What is decoded is in proportion to the bytes it is made of, its numbers are whole, and a fault says which it is. */
export function holdSound(outcome: Outcome, input: Uint8Array): void {
  if (outcome === undefined) return
  if (isFault(outcome)) {
    hold(faultKinds.includes(outcome.fault), `a fault of an unknown kind: ${outcome.fault}`)
    hold(outcome.detail.length < 2_000, `a fault that takes ${outcome.detail.length} characters to tell`)
    return
  }
  const weight = weightOf(outcome)
  hold(weight <= basis + growth * input.length, `${input.length} bytes make something of weight ${weight}`)
}

export function holdSame(one: unknown, other: unknown, what: string): void {
  hold(isDeepStrictEqual(one, other), what)
}

/** What was accepted can be said again, and is then understood as the same. */
export function holdRepeatable(outcome: Outcome, codec: Codec, maxPacketBytes: number): void {
  if (outcome === undefined || isFault(outcome) || outcome.sender === undefined) return
  const { sender } = outcome
  if ('message' in outcome) {
    const reader = codec.streamReader()
    let again: Outcome
    for (const chunk of codec.encodeStream(sender, outcome.message)) again = reader.push(chunk)
    holdSame(again, outcome, 'a message of a stream that was said again is another')
    return
  }
  const parts = outcome.messages.map((message) => codec.encode(message))
  const packet = codec.bundle(sender, parts, undefined)
  if (packet.length > maxPacketBytes) return
  holdSame(codec.decode(packet), { ...outcome, skipped: 0 }, 'a packet that was said again is another')
}

function weightOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (value instanceof Uint32Array) return 4 * value.length
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 1 + weightOf(item), 0)
  if (typeof value === 'object' && value !== null) {
    let weight = 1
    for (const key in value) {
      // One of a few words, each kept once.
      if (key !== 'type' && key !== 'kind' && key !== 'evidence' && key !== 'code') {
        weight += weightOf((value as Record<string, unknown>)[key]) // any key that `for` finds is there
      }
    }
    return weight
  }
  if (typeof value === 'number') hold(Number.isSafeInteger(value) && value >= 0, `${value} was accepted`)
  return typeof value === 'string' ? value.length : 0
}
