import { isFault, type Message, type SyncEntry } from '@swimkit/core'
import type { Case } from '../case/case.ts'
import { CaseList } from '../case/case-list.ts'
import { ConformanceError, check, checkSame } from '../case/check.ts'
import { same } from '../case/difference.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import { type Setup, someone, tableOf } from './setup.ts'
import { checkCame, checkFault, decode, packetOf, push, pushAll, streamOf } from './wire.ts'

/** Bytes that a reader may be pushed beyond its bound before it says so: a chunk. */
const slack = 65_536

/** Whose packets and streams are taken, and how large they may be. */
export function limitCases(setup: Setup): Case[] {
  const { arrives, codec, mode, open, small } = setup
  const list = new CaseList(mode)

  if (setup.labels) {
    list.add(
      "another cluster's packets and streams are a fault of kind cluster, also where one label begins with the other",
      () => {
        const labels = ['test', 'test2', 'tes', '', 'pröd "2"\n']
        for (const theirs of labels) {
          const other = open({ cluster: theirs })
          for (const ours of labels) {
            const mine = open({ cluster: ours })
            const what = `bytes of cluster ${show(theirs)}, for ${show(ours)},`
            const packet = decode(mine, packetOf(other, someone, small), what)
            const stream = push(mine.streamReader(), streamOf(other, someone, small), what)
            for (const outcome of [packet, stream]) {
              if (ours !== theirs) checkFault(outcome, what, 'cluster')
              else
                check(
                  outcome !== undefined && !isFault(outcome),
                  contract.cluster,
                  () => `${what} gave ${show(outcome)}`,
                )
            }
          }
        }
      },
    )
    list.add('a cluster label of more than 255 bytes is a RangeError', () => {
      open({ cluster: 'é'.repeat(127) })
      checkRangeError(() => open({ cluster: 'é'.repeat(128) }), 'opening it with a label of 256 bytes')
    })
  }

  list.add('a packet larger than allowed is a fault of kind too-big, and one as large is not', () => {
    const large = bodies(setup, 'packet')(400)
    const packet = packetOf(
      codec,
      someone,
      ...(large === undefined ? Array<Message>(60).fill(small) : [large]),
    )
    const what = `a packet of ${packet.length} bytes, one more than allowed,`
    checkFault(decode(open({ maxPacketBytes: packet.length - 1 }), packet, what), what, 'too-big')
    const fitting = decode(open({ maxPacketBytes: packet.length }), packet, 'it')
    check(
      !isFault(fitting),
      contract.maxPacketBytes,
      () => `a packet as large as allowed gave ${show(fitting)}`,
    )
  })

  const large = bodies(setup, 'stream')(1_000_000) ?? tableOf(20_000)
  const saysLarge = arrives(large, 'stream') !== undefined
  list.addIf(
    saysLarge,
    'a stream larger than allowed is a fault before much more than that has been read',
    () => {
      const maxStreamBytes = 100_000
      const bytes = streamOf(codec, someone, large)
      const reader = open({ maxStreamBytes }).streamReader()
      for (let at = 0; at < maxStreamBytes + slack; at += 1_000) {
        const outcome = push(reader, bytes.subarray(at, at + 1_000), 'a stream')
        if (outcome !== undefined) return checkFault(outcome, 'a stream larger than allowed', 'too-big')
      }
      check(
        false,
        contract.maxStreamBytes,
        () => `${maxStreamBytes + slack} bytes were taken, of ${maxStreamBytes} allowed`,
      )
    },
  )

  const table = tableOf(2_000)
  const saysTables = arrives(table, 'stream') !== undefined
  list.addIf(saysTables, 'many chunks together may not pass the bound of a stream either', () => {
    const chunks = [...codec.encodeStream(someone, table)]
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const outcome = pushAll(open({ maxStreamBytes: total >>> 1 }).streamReader(), chunks, 'a stream')
    checkFault(outcome, 'a stream twice as large as allowed', 'too-big')
  })

  list.add(
    'a value out of range is a RangeError on the way out, and leaves the codec as good as before',
    () => {
      for (const [right, wrong] of outOfRange()) {
        // What the format does not say at all may be anything.
        if (arrives(right, 'packet') === undefined || isUnsaid(setup, right, wrong)) continue
        checkRangeError(() => codec.encode(wrong), `encoding ${show(wrong)}`)
      }
      const misnamed = { ...someone, name: 'a b' }
      if (setup.sender(someone)?.name !== undefined) {
        checkRangeError(
          () => codec.bundle(misnamed, [], undefined),
          'a packet from a sender with a space in its name',
        )
        checkRangeError(
          () => codec.encodeStream(misnamed, small)[Symbol.iterator]().next(),
          'a stream from a sender with a space in its name',
        )
      }
      const decoded = decode(codec, packetOf(codec, someone, small), 'a packet')
      const expected = { sender: setup.sender(someone), messages: [arrives(small, 'packet')], skipped: 0 }
      checkCame(decoded, expected, contract.limits, 'a packet after those')
    },
  )

  const verbose: Message = { type: 'error', code: 'busy', message: `x${'é'.repeat(400)}` }
  list.addIf(
    arrives(verbose, 'stream') !== undefined,
    'the text of an error is cut at the end of a character',
    () => {
      const read = pushAll(codec.streamReader(), [streamOf(codec, someone, verbose)], 'an error')
      const text =
        read !== undefined && 'message' in read && read.message.type === 'error' ? read.message.message : ''
      checkSame(text, `x${'é'.repeat(255)}`, contract.errorText, 'its text')
    },
  )

  return list.cases
}

/** A message with so many bytes of content, if the format can say one. */
const bodies =
  ({ arrives }: Setup, over: 'packet' | 'stream') =>
  (length: number): Message | undefined => {
    const body = new Uint8Array(length)
    const custom: Message = { type: 'custom', channel: 'c', body }
    return [{ type: 'user', body } as const, custom].find((one) => arrives(one, over) !== undefined)
  }

function isUnsaid({ arrives }: Setup, right: Message, wrong: Message): boolean {
  try {
    const arrived = arrives(wrong, 'packet')
    return arrived === undefined || same(arrived, arrives(right, 'packet'))
  } catch {
    return false
  }
}

function checkRangeError(act: () => unknown, what: string): void {
  try {
    act()
  } catch (error) {
    check(
      error instanceof RangeError,
      contract.limits,
      () => `${what} threw ${show(error)}, which is no RangeError`,
    )
    return
  }
  throw new ConformanceError(`${what} was to throw a RangeError, and did not`, contract.limits)
}

/** Messages that may be sent, each with one that may not. */
function* outOfRange(): Generator<readonly [right: Message, wrong: Message]> {
  const [entry] = tableOf(1).entries as [SyncEntry]
  const nack: Message = { type: 'nack', seq: 1 }
  for (const seq of [2 ** 32, -1, 0.5, Number.NaN]) yield [nack, { type: 'nack', seq }]
  const ping: Message = { type: 'ping', seq: 1, target: 'a', boot: 7n }
  for (const target of ['', 'with space', 'é'.repeat(65)]) yield [ping, { ...ping, target }]
  for (const boot of [2n ** 64n, -1n]) yield [ping, { ...ping, boot }]
  const target = { seq: 1, name: 'a', boot: undefined, address: entry.record.address }
  const pingReq: Message = { type: 'pingReq', nackAfter: 1, targets: [target] }
  yield [pingReq, { ...pingReq, targets: [] }]
  yield [pingReq, { ...pingReq, targets: Array(17).fill(target) }]
  const accusation = { accuser: 'b', evidence: 'heard' } as const
  const suspect: Message = { type: 'suspect', name: 'a', incarnation: 1, accusations: [accusation] }
  yield [suspect, { ...suspect, accusations: [] }]
  yield [suspect, { ...suspect, accusations: Array(17).fill(accusation) }]
  const custom: Message = { type: 'custom', channel: 'c', body: new Uint8Array(0) }
  yield [custom, { ...custom, channel: 'c'.repeat(33) }]
  const alive: Message = { type: 'alive', incarnation: 1, record: entry.record }
  for (const changes of [
    { capabilities: Array(33).fill('x') },
    { capabilities: ['x'.repeat(65)] },
    { data: new Uint8Array(65_537) },
    { opaque: new Uint8Array(1_025) },
    { address: { host: '', port: 1 } },
    { address: { host: '10.0.0.1', port: 65_536 } },
    { protocolMin: 0 },
    { protocolMin: 2, protocolMax: 1 },
  ]) {
    yield [alive, { ...alive, record: { ...entry.record, ...changes } }]
  }
  const sync = tableOf(1)
  yield [sync, { ...sync, entries: [{ ...entry, incarnation: 1, recordIncarnation: 2 }] }]
}
