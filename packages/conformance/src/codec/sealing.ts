import { type Codec, isFault } from '@swimkit/core'
import { joined } from '../case/bytes.ts'
import type { Case } from '../case/case.ts'
import { CaseList } from '../case/case-list.ts'
import { check, checkSame } from '../case/check.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import { FakeSealer } from './fake-sealer.ts'
import { type Setup, someone, tableOf } from './setup.ts'
import { checkCame, checkFault, decode, packetOf, push, pushAll, streamOf } from './wire.ts'

/** What only a sealer gives: that nothing can be read, changed, taken out, moved or brought in without the key. */
export function sealingCases(setup: Setup): Case[] {
  const { arrives, open, small } = setup
  const sealed = open({ sealer: new FakeSealer() })
  const plain = open({ sealer: undefined })
  const table = tableOf(2_000)
  const saysTables = arrives(table, 'stream') !== undefined
  const list = new CaseList('sealed')

  list.add('a node with a key refuses plain packets and streams, and one without refuses sealed ones', () => {
    for (const [from, to, what, kind] of [
      [sealed, plain, 'what is sealed, without a key,', 'no-key'],
      [plain, sealed, 'what is plain, with a key,', 'plain'],
    ] as const) {
      checkFault(decode(to, packetOf(from, someone, small), what), what, kind)
      checkFault(push(to.streamReader(), streamOf(from, someone, small), what), what, kind)
    }
  })

  list.add('a node that is to seal later sends what is plain, and takes in both, from that moment on', () => {
    const sealer = new FakeSealer()
    const codec = open({ sealer })
    const takes = (from: Codec, to: Codec, what: string): void => {
      const packet = decode(to, packetOf(from, someone, small), what)
      checkCame(
        packet,
        { sender: setup.sender(someone), messages: [arrives(small, 'packet')], skipped: 0 },
        contract.modes,
        `a packet, ${what},`,
      )
      const stream = push(to.streamReader(), streamOf(from, someone, small), what)
      checkCame(
        stream,
        { sender: setup.sender(someone), message: arrives(small, 'stream') },
        contract.modes,
        `a stream, ${what},`,
      )
    }
    const overhead = codec.bundleOverhead(someone)
    sealer.verifyOutgoing = false
    sealer.verifyIncoming = false
    takes(codec, plain, 'not sealed as its sealer says')
    takes(plain, codec, 'plain, at a node whose sealer takes that in')
    takes(sealed, codec, 'sealed, at a node whose sealer takes in what is plain')
    checkSame(codec.bundleOverhead(someone), overhead, contract.modes, 'the overhead of a packet')
    sealer.verifyOutgoing = true
    takes(codec, sealed, 'sealed from now on')
    sealer.verifyIncoming = true
    checkFault(decode(codec, packetOf(plain, someone, small), 'a plain packet'), 'a plain packet', 'plain')
  })

  list.add('packets and streams under another key are a fault that the sealer names', () => {
    const other = open({ sealer: new FakeSealer(0xbad) })
    const what = 'what is sealed with another key'
    checkFault(decode(sealed, packetOf(other, someone, small), what), what, 'forged')
    checkFault(push(sealed.streamReader(), streamOf(other, someone, small), what), what, 'forged')
  })

  list.add('what is said cannot be read in the bytes of a packet or stream', () => {
    const secret = new TextEncoder().encode('attack at dawn')
    const said = (
      [
        { type: 'user', body: secret },
        { type: 'custom', channel: 'c', body: secret },
      ] as const
    ).filter((one) => arrives(one, 'packet') !== undefined && arrives(one, 'stream') !== undefined)
    for (const message of said) {
      for (const bytes of [packetOf(sealed, someone, message), streamOf(sealed, someone, message)]) {
        check(
          !includes(bytes, secret),
          contract.sealer,
          () => `the bytes of a ${message.type} message are in the clear`,
        )
      }
    }
  })

  const from = { ...someone, boot: 0x0102030405060708n }
  const saysBoots = setup.sender(from)?.boot === from.boot
  list.addIf(saysBoots, "bytes 2 to 9 of what a sealer authenticates besides are the sender's boot", () => {
    const sealer = new FakeSealer()
    const codec = open({ sealer })
    for (const send of [() => packetOf(codec, from, small), () => streamOf(codec, from, small)]) {
      send()
      checkSame(sealer.aad.slice(2, 10), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), contract.aad, 'those bytes')
    }
  })

  list.addIf(
    saysTables,
    "a stream's chunks cannot be left out, moved, repeated or spliced in from another stream",
    () => {
      const a = [...sealed.encodeStream(someone, table)]
      const b = [...sealed.encodeStream(someone, table)]
      const last = a.length - 1
      check(last >= 3, contract.chunks, () => `2,000 entries went out in ${a.length} chunks`)
      const wrong: Record<string, readonly Uint8Array[]> = {
        'a chunk left out': a.filter((_, i) => i !== 1),
        'the last chunk left out': a.slice(0, last),
        'two chunks exchanged': [a[0]!, a[2]!, a[1]!, ...a.slice(3)],
        'a chunk repeated': [a[0]!, a[1]!, a[1]!, ...a.slice(2)],
        'a chunk of another stream': [a[0]!, b[1]!, ...a.slice(2)],
        'the last chunk of another stream': [...a.slice(0, last), b[last]!],
      }
      for (const [what, chunks] of Object.entries(wrong)) {
        const outcome = push(sealed.streamReader(), joined(chunks), what)
        check(
          outcome === undefined || isFault(outcome),
          contract.sealer,
          () => `${what}: it gave ${show(outcome)}`,
        )
      }
    },
  )

  list.addIf(
    saysTables,
    'a late chunk that is wrong leaves no message, also when the right one follows',
    () => {
      const chunks = [...sealed.encodeStream(someone, table)]
      const wrong = chunks.at(-1)!.slice()
      wrong[wrong.length - 20] = wrong[wrong.length - 20]! ^ 1
      const reader = sealed.streamReader()
      checkSame(
        pushAll(reader, chunks.slice(0, -1), 'a stream'),
        undefined,
        contract.push,
        'what came before the last chunk',
      )
      checkFault(push(reader, wrong, 'a wrong chunk'), 'a last chunk with a byte changed', 'forged')
      const after = push(reader, chunks.at(-1)!, 'the right chunk')
      check(
        after === undefined || isFault(after),
        contract.push,
        () => `after a fault it gave ${show(after)}`,
      )
    },
  )

  list.add('what is sealed is opened once, however small the chunks that bring it', () => {
    const sealer = new FakeSealer()
    const codec = open({ sealer })
    const bytes = streamOf(codec, someone, saysTables ? tableOf(600) : small)
    const openedFor = (size: number): number => {
      const reader = codec.streamReader()
      sealer.opened = 0
      for (let at = 0; at < bytes.length; at += size) push(reader, bytes.subarray(at, at + size), 'a chunk')
      return sealer.opened
    }
    const whole = openedFor(bytes.length)
    checkSame(openedFor(499), whole, contract.stream, 'how often it opened a stream that came by 499 bytes')
  })

  return list.cases
}

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return true
  }
  return false
}
