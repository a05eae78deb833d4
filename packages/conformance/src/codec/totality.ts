import { isFault } from '@swimkit/core'
import fc from 'fast-check'
import type { Case } from '../case/case.ts'
import { CaseList } from '../case/case-list.ts'
import { check, checkSame } from '../case/check.ts'
import { forAll } from '../case/for-all.ts'
import { show } from '../case/show.ts'
import { sender } from './arbitraries.ts'
import { contract } from './contract.ts'
import { type Setup, someone } from './setup.ts'
import { checkFault, checkSound, decode, packetOf, push, streamOf } from './wire.ts'

/** Bytes that nobody meant: a fault, and never an exception or part of a message. */
export function totalityCases(setup: Setup): Case[] {
  const { codec, mode, small } = setup
  const list = new CaseList(mode)
  // Without a checksum, bytes that were changed may be another message.
  const noticed = setup.checksum || mode === 'sealed'
  const isRefused = (outcome: ReturnType<typeof decode>, what: string): void => {
    if (noticed) checkFault(outcome, what)
    else checkSound(outcome, what)
  }

  list.add('a packet that was cut anywhere is a fault', () => {
    forAll(contract.total, 20, [sender, setup.any('packet')], (from, sent) => {
      const packet = packetOf(codec, from, sent)
      for (let length = 0; length < packet.length; length += 1 + (length >>> 7)) {
        isRefused(decode(codec, packet.subarray(0, length), 'a cut packet'), `a packet cut at ${length}`)
      }
    })
  })

  list.add('a packet with one byte changed, or one more, is a fault', () => {
    forAll(
      contract.total,
      20,
      [sender, setup.any('packet'), fc.integer({ min: 1, max: 255 })],
      (from, sent, change) => {
        const packet = packetOf(codec, from, sent)
        for (let at = 0; at < packet.length; at += 1 + (at >>> 7)) {
          const what = `a packet with byte ${at} changed by ${change}`
          isRefused(decode(codec, changed(packet, at, change), what), what)
        }
        const what = 'a packet with one byte more'
        isRefused(decode(codec, Uint8Array.of(...packet, change), what), what)
      },
    )
  })

  list.add('random bytes, and bytes that begin well, are a fault', () => {
    const known = packetOf(codec, someone, small)
    forAll(
      contract.total,
      1_000,
      [fc.uint8Array({ maxLength: 200 }), fc.nat(known.length - 1)],
      (random, kept) => {
        for (const bytes of [random, Uint8Array.of(...known.subarray(0, kept), ...random)]) {
          const what = `a packet of ${show(bytes)}`
          isRefused(decode(codec, bytes, what), what)
        }
      },
    )
  })

  list.add('after bytes that were refused, a good packet is read as before', () => {
    const good = packetOf(codec, someone, small)
    const expected = decode(codec, good, 'a good packet')
    check(!isFault(expected), contract.codec, () => `a good packet is a fault: ${show(expected)}`)
    forAll(contract.total, 200, [fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })], (at, change) => {
      decode(codec, changed(good, at, change), 'a changed packet')
      decode(codec, good.subarray(0, at), 'a cut packet')
      checkSame(decode(codec, good, 'a good packet'), expected, contract.total, 'the good packet')
    })
  })

  list.add('a stream with one byte changed yields no message', () => {
    forAll(
      contract.total,
      20,
      [sender, setup.any('stream'), fc.integer({ min: 1, max: 255 })],
      (from, sent, change) => {
        const bytes = streamOf(codec, from, sent)
        for (let at = 0; at < bytes.length; at += 1 + (at >>> 7)) {
          const what = `a stream with byte ${at} changed by ${change}`
          const outcome = push(codec.streamReader(), changed(bytes, at, change), what)
          // One that now announces more may wait for it.
          if (outcome !== undefined && noticed) checkFault(outcome, what)
          else checkSound(outcome, what)
        }
      },
    )
  })

  list.add('a stream of random bytes, and one that begins well, yields no message', () => {
    const known = streamOf(codec, someone, small)
    forAll(
      contract.total,
      1_000,
      [fc.uint8Array({ maxLength: 200 }), fc.nat(known.length - 1)],
      (random, kept) => {
        for (const bytes of [random, Uint8Array.of(...known.subarray(0, kept), ...random)]) {
          const what = `a stream of ${show(bytes)}`
          const outcome = push(codec.streamReader(), bytes, what)
          if (outcome !== undefined && noticed) checkFault(outcome, what)
          else checkSound(outcome, what)
        }
      },
    )
  })

  return list.cases
}

function changed(bytes: Uint8Array, at: number, change: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = copy[at]! ^ change
  return copy
}
