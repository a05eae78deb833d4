import { definePlugin, type Sender } from '@swimkit/core'
import fc from 'fast-check'
import type { Case } from '../case/case.ts'
import { CaseList } from '../case/case-list.ts'
import { check, checkSame, mustNotThrow } from '../case/check.ts'
import { forAll } from '../case/for-all.ts'
import { sender } from './arbitraries.ts'
import { contract } from './contract.ts'
import { type Setup, someone } from './setup.ts'
import { checkCame, decode, packetOf, pushAll, streamOf } from './wire.ts'

/** What is sent arrives, as far as the format has words for it. */
export function roundTripCases(setup: Setup): Case[] {
  const { arrives, codec, mode } = setup
  const list = new CaseList(mode)
  const came = (from: Sender, messages: readonly unknown[]) => ({
    sender: setup.sender(from),
    messages,
    skipped: 0,
  })

  for (const [type, messages] of setup.said('packet')) {
    list.add(`${type} comes back as it was, from a packet`, () => {
      forAll(contract.codec, 40, [sender, messages], (from, sent) => {
        const decoded = decode(codec, packetOf(codec, from, sent), `a packet with ${type}`)
        checkCame(decoded, came(from, [arrives(sent, 'packet')]), contract.codec, 'what was decoded')
      })
    })
  }

  for (const [type, messages] of setup.said('stream')) {
    list.add(`${type} comes back as it was, from a stream`, () => {
      forAll(contract.codec, 40, [sender, messages], (from, sent) => {
        const read = pushAll(codec.streamReader(), [streamOf(codec, from, sent)], `a stream with ${type}`)
        const expected = { sender: setup.sender(from), message: arrives(sent, 'stream') }
        checkCame(read, expected, contract.push, 'what was read')
      })
    })
  }

  list.add('a packet holds its messages in order, and is never larger than foretold', () => {
    forAll(
      contract.size,
      60,
      [sender, fc.array(setup.any('packet'), { minLength: 1, maxLength: 6 })],
      (from, sent) => {
        const parts = sent.map((one) => codec.encode(one))
        const packet = codec.bundle(from, parts, undefined)
        const foretold = parts.reduce(
          (sum, part) => sum + part.length + codec.partOverhead,
          codec.bundleOverhead(from),
        )
        check(
          packet.length <= foretold,
          contract.size,
          () => `a packet of ${packet.length} bytes, where ${foretold} were foretold`,
        )
        const messages = sent.map((one) => arrives(one, 'packet'))
        checkCame(
          decode(codec, packet, 'a packet'),
          came(from, messages),
          contract.decoded,
          'what was decoded',
        )
      },
    )
  })

  list.add('what was foretold for one sender stands, whoever else is asked for meanwhile', () => {
    const senders = [
      someone,
      { ...someone, incarnation: 4 },
      { ...someone, boot: 8n },
      { ...someone, name: 'other' },
    ]
    const part = codec.encode(setup.small)
    for (const a of senders) {
      const foretold = codec.bundleOverhead(a) + part.length + codec.partOverhead
      for (const b of senders) {
        for (const from of [a, b, a]) {
          const packet = codec.bundle(from, [part], undefined)
          checkCame(
            decode(codec, packet, 'a packet'),
            came(from, [arrives(setup.small, 'packet')]),
            contract.decoded,
            'it',
          )
          check(
            from !== a || packet.length <= foretold,
            contract.overhead,
            () => `a packet of ${packet.length} bytes, where ${foretold} were foretold`,
          )
        }
      }
    }
  })

  list.add('a part that was encoded once can be sent many times', () => {
    forAll(contract.encode, 40, [sender, sender, setup.any('packet')], (one, other, sent) => {
      const part = codec.encode(sent)
      const before = part.slice()
      for (const from of [one, other]) {
        const packet = codec.bundle(from, [part, part], undefined)
        const messages = [arrives(sent, 'packet'), arrives(sent, 'packet')]
        checkCame(
          decode(codec, packet, 'a packet'),
          came(from, messages),
          contract.encode,
          'what was decoded',
        )
        packet.fill(0xaa)
      }
      checkSame(part, before, contract.encode, 'the part, after it was sent')
    })
  })

  list.add('what was decoded outlives the packet, also where slices of it share its memory', () => {
    forAll(contract.codec, 60, [sender, setup.any('packet')], (from, sent) => {
      const packet = new SharingBytes(packetOf(codec, from, sent))
      const decoded = decode(codec, packet, 'a packet')
      packet.fill(0xaa)
      checkCame(
        decoded,
        came(from, [arrives(sent, 'packet')]),
        contract.codec,
        'it, once the packet was written over',
      )
    })
  })

  list.add('what was read outlives the chunks of its stream', () => {
    forAll(contract.stream, 40, [sender, setup.any('stream')], (from, sent) => {
      const reader = codec.streamReader()
      const bytes = streamOf(codec, from, sent)
      const half = new SharingBytes(bytes.subarray(0, bytes.length >>> 1))
      const rest = new SharingBytes(bytes.subarray(bytes.length >>> 1))
      pushAll(reader, [half], 'a stream')
      half.fill(0xaa)
      const read = pushAll(reader, [rest], 'a stream')
      rest.fill(0xaa)
      const expected = { sender: setup.sender(from), message: arrives(sent, 'stream') }
      checkCame(read, expected, contract.push, 'what was read')
    })
  })

  if (mode === 'plain') {
    list.add('it is a plugin of this contract', () => {
      mustNotThrow(() => definePlugin('codec', setup.plugin), contract.api, 'checking the plugin')
    })
  }
  return list.cases
}

/** Bytes whose `slice` is a view, as that of Node's Buffer: what keeps one keeps the packet's memory. */
class SharingBytes extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer> // made of no shared buffer, below
  }
}
