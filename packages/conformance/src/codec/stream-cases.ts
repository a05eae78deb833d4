import { isFault, type StreamReader, type SyncEntry } from '@swimkit/core'
import fc from 'fast-check'
import type { Case } from '../case/case.ts'
import { CaseList } from '../case/case-list.ts'
import { check, checkSame } from '../case/check.ts'
import { forAll } from '../case/for-all.ts'
import { show } from '../case/show.ts'
import { sender } from './arbitraries.ts'
import { contract } from './contract.ts'
import { type Setup, someone, tableOf } from './setup.ts'
import { checkCame, checkFault, packetOf, push, pushAll, streamOf } from './wire.ts'

/** "At most about 64 KiB", in bytes: with what protects and counts it. */
const largestChunk = 65_536 + 4_096

/** Streams: cut anywhere, read as they come, written as they are taken. */
export function streamCases(setup: Setup): Case[] {
  const { arrives, codec, mode, small } = setup
  const list = new CaseList(mode)
  const came = (from: typeof someone, message: unknown) => ({ sender: setup.sender(from), message })
  const table = tableOf(2_000)
  const saysTables = arrives(table, 'stream') !== undefined

  list.add('a stream may be cut into chunks anywhere, and gives its message with the last', () => {
    const sizes = fc
      .array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 20 })
      .filter((all) => all.some((size) => size > 0))
    forAll(contract.push, 60, [sender, setup.any('stream'), sizes], (from, sent, cuts) => {
      const reader = codec.streamReader()
      const bytes = streamOf(codec, from, sent)
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const end = at + cuts[i % cuts.length]!
        const outcome = push(reader, bytes.subarray(at, end), 'a stream')
        if (end < bytes.length)
          checkSame(outcome, undefined, contract.push, `what came of the first ${end} bytes`)
        else checkCame(outcome, came(from, arrives(sent, 'stream')), contract.push, 'what was read')
        at = end
      }
    })
  })

  list.add('a stream yields nothing before its last byte, and then all', () => {
    forAll(contract.push, 20, [sender, setup.any('stream')], (from, sent) => {
      const reader = codec.streamReader()
      const bytes = streamOf(codec, from, sent)
      for (let at = 0; at < bytes.length - 1; at++) {
        const outcome = push(reader, bytes.subarray(at, at + 1), 'a byte')
        checkSame(outcome, undefined, contract.push, `what came of byte ${at} of ${bytes.length}`)
      }
      const last = push(reader, bytes.subarray(-1), 'the last byte')
      checkCame(last, came(from, arrives(sent, 'stream')), contract.push, 'what was read')
    })
  })

  list.add('a fault ends the stream: nothing that follows is a message', () => {
    const good = streamOf(codec, someone, small)
    const reader = codec.streamReader()
    const bad = Uint8Array.of(
      ...good.slice(0, 3).map((byte) => byte ^ 0xff),
      ...new Uint8Array(64).fill(0xff),
    )
    let outcome = push(reader, bad, 'a bad stream')
    // One that reads a length in it may wait for more.
    for (let more = 0; outcome === undefined && more < 200; more++) {
      outcome = push(reader, new Uint8Array(65_536).fill(0xff), 'a bad stream')
    }
    checkFault(outcome, 'a stream of bytes that nobody meant, beyond what is accepted')
    for (let again = 0; again < 3; again++) {
      const after = push(reader, good, 'what follows a fault')
      check(
        after === undefined || isFault(after),
        contract.push,
        () => `after a fault it gave ${show(after)}`,
      )
    }
  })

  list.addIf(
    saysTables,
    'streams under way at the same time do not get in the way of each other, or of packets',
    () => {
      const senders = [someone, { ...someone, name: 'other', boot: 8n }]
      const streams = senders.map((from) => codec.encodeStream(from, tableOf(1_000))[Symbol.iterator]())
      const readers = senders.map(() => codec.streamReader())
      const outcomes: ReturnType<StreamReader['push']>[] = []
      for (let ended = 0; ended < streams.length; ) {
        ended = 0
        streams.forEach((stream, i) => {
          const next = stream.next()
          if (next.done) ended++
          else outcomes[i] = push(readers[i]!, next.value, 'a chunk')
          codec.decode(packetOf(codec, { ...someone, boot: 99n }, small))
        })
      }
      const message = arrives(tableOf(1_000), 'stream')
      checkSame(
        outcomes,
        senders.map((from) => came(from, message)),
        contract.stream,
        'what was read of both',
      )
    },
  )

  list.addIf(
    saysTables,
    'a table goes out in chunks of about 64 KiB at most, read only as they are taken',
    () => {
      let taken = 0
      const { entries, ...rest } = table
      function* counted(): Generator<SyncEntry> {
        for (const entry of entries) {
          taken++
          yield entry
        }
      }
      const stream = codec.encodeStream(someone, { ...rest, entries: counted() })[Symbol.iterator]()
      const first = stream.next()
      check(
        taken < entries.length,
        contract.chunks,
        () => `${taken} of ${entries.length} entries were read for the first chunk`,
      )
      const reader = codec.streamReader()
      let outcome: ReturnType<StreamReader['push']>
      for (let next = first; !next.done; next = stream.next()) {
        const { length } = next.value
        check(length <= largestChunk, contract.chunks, () => `a chunk of ${length} bytes`)
        checkSame(outcome, undefined, contract.push, 'what came before the last chunk')
        outcome = push(reader, next.value, 'a chunk')
      }
      checkCame(outcome, came(someone, arrives(table, 'stream')), contract.push, 'what was read')
    },
  )

  const stately = { ...tableOf(3), state: new Uint8Array(200_000).fill(7) }
  const expected = arrives(stately, 'stream')
  list.addIf(expected !== undefined, 'a part that is larger than any chunk arrives whole', () => {
    const read = pushAll(codec.streamReader(), codec.encodeStream(someone, stately), 'a stream')
    checkCame(read, came(someone, expected), contract.push, 'what was read')
  })

  return list.cases
}
