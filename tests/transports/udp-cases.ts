import { equal } from 'node:assert/strict'
import { udp } from '@swimkit/transport-udp'
import { packetCases } from './packet-cases.ts'
import { ANY, type Case, utf8 } from './rig.ts'

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
]
