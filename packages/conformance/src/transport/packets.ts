import { inside, pattern, utf8 } from '../case/bytes.ts'
import type { Case } from '../case/case.ts'
import { check, checkSame, mustNotThrow } from '../case/check.ts'
import { same } from '../case/difference.ts'
import { type Scope, scoped } from '../case/scope.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { deserted, Station } from './station.ts'
import { connect } from './streams.ts'

/** The largest packet that is tried, in bytes, whatever more a transport says that it carries. */
const largestTried = 1 << 24

/** What holds for every transport that carries packets. Their order is nobody's promise. */
export function packetCases(setup: Setup): Case[] {
  const { badAddresses, lossy, make, maxPacketBytes, patience } = setup
  const add = (name: string, body: (scope: Scope) => Promise<void>): Case => scoped(name, patience, body)
  const size = Math.min(64, maxPacketBytes)
  const cases = [
    add('a packet and its answer arrive as they were sent', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      await a.tell(b, pattern(size, 1), 'a packet')
      await b.tell(a, pattern(size, 2), 'its answer')
      for (const [station, seed] of [
        [b, 1],
        [a, 2],
      ] as const) {
        const [packet] = station.packets
        checkSame(packet?.bytes, pattern(size, seed), contract.received, 'the packet')
        const { from } = packet!
        check(
          typeof from?.host === 'string' && Number.isInteger(from.port),
          contract.received,
          () => `it came from ${show(from)}, which is no address`,
        )
        station.checkWell()
      }
    }),

    add('the largest packet arrives whole, and what follows one without a byte', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const largest = pattern(Math.min(maxPacketBytes, largestTried))
      const what = `a packet of ${largest.length} bytes`
      await a.tell(b, largest, what)
      mustNotThrow(() => a.transport.send(b.address, new Uint8Array(0)), contract.send, 'sending no byte')
      await a.tell(b, pattern(size, 2), 'the packet after one without a byte')
    }),

    add('a view into a larger buffer is sent without what is around it', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const bytes = pattern(size)
      a.transport.send(b.address, inside(bytes))
      await b.heard(() => lossy || b.packets.length > 0, 'a packet')
      await a.tell(b, pattern(size, 2))
      for (const packet of b.packets) {
        check(
          same(packet.bytes, bytes) || same(packet.bytes, pattern(size, 2)),
          contract.uncut,
          () => `${show(packet.bytes)} arrived, of ${show(bytes)}`,
        )
      }
    }),

    add('many packets at once arrive unmixed, from two senders', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const c = await Station.open(scope, setup)
      const sent = Array.from({ length: 100 }, (_, i) => pattern(size, i + 1))
      sent.forEach((bytes, i) => {
        ;(i % 2 === 0 ? a : b).transport.send(c.address, bytes.slice())
      })
      if (lossy) await a.tell(c, sent[0]!)
      else await c.heard(() => c.packets.length >= sent.length, `${sent.length} packets`)
      const known = new Set(sent.map(keyOf))
      for (const { bytes } of c.packets) {
        check(known.has(keyOf(bytes)), contract.received, () => `${show(bytes)} arrived, which nobody sent`)
      }
      if (!lossy) await c.heard(() => sent.every((bytes) => c.hasHeard(bytes)), 'every packet that was sent')
    }),

    add('a receiver may write into the bytes that it is handed', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      b.spoil = (bytes) => bytes.fill(0xee)
      for (let i = 1; i <= 20; i++)
        await a.tell(b, pattern(size, i), 'a packet after one that was written into')
      const spoilt = b.packets.find(({ bytes }) => bytes.length > 1 && bytes.every((byte) => byte === 0xee))
      check(spoilt === undefined, contract.received, () => 'the bytes of one packet came back in another')
    }),

    add('send before open and after close does nothing', async (scope) => {
      const receiver = await Station.open(scope, setup)
      const transport = make()
      mustNotThrow(() => transport.send(receiver.address, utf8('e')), contract.send, 'send before open')
      const sender = await Station.open(scope, setup, { transport })
      await sender.tell(receiver, utf8('i'), 'the packet after one that was sent before open')
      await sender.close()
      mustNotThrow(() => transport.send(receiver.address, utf8('l')), contract.send, 'send after close')
      const other = await Station.open(scope, setup)
      await other.tell(receiver, utf8('o'))
      const heard = new Set(receiver.packets.map(({ bytes }) => new TextDecoder().decode(bytes)))
      checkSame([...heard].sort(), ['i', 'o'], contract.send, 'what arrived')
    }),

    add('after close nothing arrives', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      await a.tell(b, pattern(size, 1))
      for (let i = 2; i < 20; i++) a.transport.send(b.address, pattern(size, i))
      await b.close()
      const heard = b.packets.length
      const successor = await Station.open(scope, setup, { at: b.address })
      a.transport.send(b.address, pattern(size, 20))
      const other = await Station.open(scope, setup)
      await other.tell(successor, pattern(size, 21))
      checkSame(b.packets.length, heard, contract.close, 'packets that a closed transport heard')
    }),

    add('send never throws, whatever the address, and the next packet arrives', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      for (const address of badAddresses) {
        const what = `a send to ${show(address)}`
        mustNotThrow(() => a.transport.send(address, pattern(size)), contract.send, what)
      }
      await a.tell(b, pattern(size, 2), 'a packet after those to bad addresses')
      a.checkWell()
    }),

    add('an address where nobody is costs no packet to others, and is not fatal', async (scope) => {
      const nowhere = await deserted(scope, setup)
      const [a, b] = await Station.pair(scope, setup)
      const sent = Array.from({ length: 30 }, (_, i) => pattern(size, i + 1))
      for (const bytes of sent) {
        a.transport.send(nowhere, utf8('?'))
        a.transport.send(b.address, bytes.slice())
      }
      if (lossy) await a.tell(b, sent[0]!)
      else await b.heard(() => sent.every((bytes) => b.hasHeard(bytes)), 'all packets that were sent to it')
      a.checkWell()
    }),
  ]
  if (maxPacketBytes < largestTried) {
    cases.push(
      add('a packet over the limit is refused and counted, never cut', (scope) => tooLarge(scope, setup)),
    )
  }
  return cases
}

async function tooLarge(scope: Scope, setup: Setup): Promise<void> {
  const [a, b] = await Station.pair(scope, setup)
  const before = a.transport.stats()
  const what = `a packet of ${setup.maxPacketBytes + 1} bytes, where ${setup.maxPacketBytes} are allowed`
  mustNotThrow(
    () => a.transport.send(b.address, new Uint8Array(setup.maxPacketBytes + 1)),
    contract.send,
    `sending ${what}`,
  )
  await scope.until(
    () => Object.entries(a.transport.stats()).some(([name, value]) => value > (before[name] ?? 0)),
    `a counter that rises for ${what}`,
    contract.counted,
  )
  const next = pattern(Math.min(64, setup.maxPacketBytes))
  await a.tell(b, next, 'the packet after one that was too large')
  const other = b.packets.find(({ bytes }) => !same(bytes, next))
  check(other === undefined, contract.uncut, () => `${show(other?.bytes)} arrived of ${what}`)
  a.checkWell()
}

/** What holds for a transport that carries none. */
export function noPacketCases(setup: Setup): Case[] {
  return [
    scoped('it carries no packets: send does nothing', setup.patience, async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      for (const to of [b.address, ...setup.badAddresses]) {
        mustNotThrow(() => a.transport.send(to, pattern(16)), contract.send, `a send to ${show(to)}`)
      }
      await connect(scope, a, b)
      checkSame(b.packets.length, 0, contract.maxPacketBytes, 'packets that arrived')
    }),
  ]
}

const keyOf = (bytes: Uint8Array): string => bytes.join()
