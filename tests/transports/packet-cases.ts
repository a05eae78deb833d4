import { deepEqual, equal } from 'node:assert/strict'
import type { Transport } from '@swimkit/core'
import { ANY, type Case, deadAddress, eventually, pattern, rejection, text, utf8, V4, V6 } from './rig.ts'

/** What holds for those that carry packets over IP, besides what the conformance kit asks of any transport. */
export function packetCases(kind: string, create: () => Transport): Case[] {
  return [
    {
      name: `${kind}: a packet and its answer, over IPv6`,
      async run(scope) {
        const [a, b] = [await scope.open(create(), V6), await scope.open(create(), V6)]
        a.send(b, utf8('ping'))
        await b.heard(1)
        b.send(a, utf8('ack'))
        await a.heard(1)
        equal(b.packets[0]!.from.host, '::1')
        equal(text(a.packets[0]!.bytes), 'ack')
      },
    },
    {
      name: `${kind}: bound to :: it talks to IPv4 too, by plain IPv4 addresses`,
      async run(scope) {
        const [both, four] = [await scope.open(create(), ANY), await scope.open(create(), V4)]
        four.transport.send({ host: '127.0.0.1', port: both.address.port }, utf8('ping'))
        await both.heard(1)
        equal(both.packets[0]!.from.host, '127.0.0.1')
        both.send(four, utf8('ack'))
        await four.heard(1)
        equal(four.packets[0]!.from.host, '127.0.0.1')
      },
    },
    {
      name: `${kind}: the largest packet and an empty one arrive intact`,
      async run(scope) {
        const [a, b] = [await scope.open(create()), await scope.open(create())]
        equal(a.transport.maxPacketBytes, 65_507)
        const largest = pattern(65_507)
        a.send(b, largest)
        await b.heard(1)
        deepEqual(b.packets[0]!.bytes, largest)
        a.send(b, new Uint8Array(0))
        await b.heard(2)
        equal(b.packets[1]!.bytes.byteLength, 0)
      },
    },
    {
      name: `${kind}: one larger is not sent, and counted`,
      async run(scope) {
        const [a, b] = [await scope.open(create()), await scope.open(create())]
        a.send(b, new Uint8Array(65_508))
        a.send(b, utf8('next'))
        await b.heard(1)
        equal(text(b.packets[0]!.bytes), 'next')
        equal(a.stat('oversized'), 1)
      },
    },
    {
      name: `${kind}: a send to a bad address does not throw and is counted`,
      async run(scope) {
        const [a, b] = [await scope.open(create()), await scope.open(create())]
        const bad = [
          { host: 'localhost', port: 7946 },
          { host: '', port: 7946 },
          { host: '127.0.0.1:7946', port: 7946 },
          { host: '[::1]', port: 7946 },
          { host: '127.0.0.256', port: 7946 },
          { host: '127.0.0.1', port: 0 },
          { host: '127.0.0.1', port: 65_536 },
          { host: '127.0.0.1', port: -1 },
          { host: '127.0.0.1', port: Number.NaN },
        ]
        for (const address of bad) a.transport.send(address, utf8('nowhere'))
        equal(a.stat('badAddresses'), bad.length)
        a.send(b, utf8('somewhere'))
        await b.heard(1)
        deepEqual(a.faults, [])
      },
    },
    {
      name: `${kind}: 200 packets at once arrive unmixed`,
      async run(scope) {
        const [a, b] = [await scope.open(create()), await scope.open(create())]
        const sent = Array.from({ length: 200 }, (_, i) => pattern(64, i))
        for (const packet of sent) a.send(b, packet)
        await b.heard(200)
        // in any order: it is packets, and Deno hands those of one turn to the system last first
        const hex = (bytes: Uint8Array) => [...bytes].join()
        deepEqual(b.packets.map(({ bytes }) => hex(bytes)).sort(), sent.map(hex).sort())
        await eventually(() => a.stat('packetsSent') === 200, 'all sends reported back')
        equal(b.stat('packetsReceived'), 200)
      },
    },
    {
      name: `${kind}: a closed port is not fatal, and costs no packet to an open one`,
      async run(scope) {
        const dead = await deadAddress(scope, create())
        const [a, b] = [await scope.open(create()), await scope.open(create())]
        for (let i = 0; i < 50; i++) {
          a.transport.send(dead, utf8('into the void'))
          a.send(b, pattern(16, i))
        }
        await b.heard(50)
        deepEqual(
          a.faults.filter(({ fatal }) => fatal),
          [],
        )
      },
    },
    {
      name: `${kind}: a taken port is in use`,
      async run(scope) {
        const { address } = await scope.open(create())
        const error = await rejection(scope.open(create(), address))
        const protocol = kind === 'udp' ? 'UDP' : 'TCP'
        const message = `cannot bind 127.0.0.1:${address.port} (${protocol}): the port is in use`
        deepEqual(described(error), { name: 'BindError', code: 'in-use', message })
      },
    },
    {
      name: `${kind}: an address of another machine is not available`,
      async run(scope) {
        // of the block reserved for documentation
        const error = await rejection(scope.open(create(), { host: '203.0.113.7', port: 0 }))
        equal(described(error).code, 'not-available')
      },
    },
  ]
}

export function described(error: unknown): {
  name: unknown
  code?: unknown
  kind?: unknown
  message: unknown
} {
  const { name, code, kind, message } = error as {
    name: unknown
    code?: unknown
    kind?: unknown
    message: unknown
  }
  return { name, message, ...(code !== undefined && { code }), ...(kind !== undefined && { kind }) }
}
