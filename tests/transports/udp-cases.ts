import { deepEqual, equal } from 'node:assert/strict'
import { udp } from '@swimkit/transport-udp'
import { packetCases } from './packet-cases.ts'
import { ANY, type Case, eventually, utf8 } from './rig.ts'

export const udpCases: readonly Case[] = [
  ...packetCases('udp', udp),
  {
    name: 'udp: with ipv6Only the IPv4 side of the port is left to others',
    async run(scope) {
      const six = await scope.open(udp({ ipv6Only: true }), ANY)
      const four = await scope.open(udp(), { host: '127.0.0.1', port: six.address.port })
      const sender = await scope.open(udp())
      sender.send(four, utf8('to four'))
      await four.heard(1)
      equal(six.packets.length, 0)
      six.transport.send(four.address, utf8('from six'))
      equal(six.stat('badAddresses'), 1)
    },
  },
  {
    name: 'udp: a send that the system refuses is a fault, not fatal',
    async run(scope) {
      const six = await scope.open(udp(), { host: '::1', port: 0 })
      const four = await scope.open(udp())
      six.send(four, utf8('no way'))
      six.transport.send(six.address, utf8('to itself'))
      await six.heard(1)
      equal(six.faults.length, 1)
      equal(six.faults[0]!.fatal, false)
      equal(six.stat('sendErrors'), 1)
      equal(four.packets.length, 0)
    },
  },
  {
    name: 'udp: packets above maxPacketBytes are not taken in, and counted; a burst of those below comes whole',
    async run(scope) {
      const sender = await scope.open(udp())
      const receiver = await scope.open(udp({ maxPacketBytes: 1_400 }))
      for (const size of [1_401, 9_000, 65_507]) sender.send(receiver, new Uint8Array(size).fill(1))
      await eventually(() => receiver.stat('oversizedReceived') === 3, 'the large ones are dropped')
      // As many as wait in a receive buffer of the system's size, and more than in one of the size of a packet.
      for (let i = 0; i < 40; i++) sender.send(receiver, new Uint8Array(1_400).fill(2))
      await receiver.heard(40)
      deepEqual(
        new Set(receiver.packets.map(({ bytes }) => `${bytes.length} of ${bytes[0]}`)),
        new Set(['1400 of 2']),
      )
    },
  },
]
