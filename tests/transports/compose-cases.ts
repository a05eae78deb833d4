import { equal } from 'node:assert/strict'
import { compose } from '@swimkit/core'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { described } from './packet-cases.ts'
import { type Case, deadAddress, readAll, rejection, text, utf8, V4 } from './rig.ts'

const both = () => compose({ packets: udp(), streams: tcp() })

export const composeCases: readonly Case[] = [
  {
    name: 'udp+tcp: packets and streams on one port',
    async run(scope) {
      const [a, b] = [await scope.open(both()), await scope.open(both())]
      a.send(b, utf8('packet'))
      await b.heard(1)
      equal(b.packets[0]!.from.port, a.address.port)
      const near = await a.dial(b.address)
      await near.write(utf8('stream'))
      near.end()
      equal(text(await readAll(await b.accepted())), 'stream')
      equal(b.stat('packets.packetsReceived'), 1)
      equal(b.stat('streams.streamsAccepted'), 1)
    },
  },
  {
    name: 'udp+tcp: with one side of the port taken nothing is left open',
    async run(scope) {
      for (const [taken, other] of [
        [udp(), tcp()],
        [tcp(), udp()],
      ] as const) {
        // a port free of both sorts: one picked for the one alone is now and then somebody's of the other
        const address = await deadAddress(scope, both())
        await scope.open(taken, address)
        equal(described(await rejection(scope.open(both(), address))).code, 'in-use')
        await scope.open(other, address)
      }
    },
  },
  {
    name: 'udp+tcp: 20 in a row find a port of their own, and free it',
    async run(scope) {
      const stations = []
      for (let i = 0; i < 20; i++) stations.push(await scope.open(both(), V4))
      equal(new Set(stations.map(({ address }) => address.port)).size, 20)
      for (const station of stations) await station.transport.close()
      for (const { address } of stations) await scope.open(both(), address)
    },
  },
]
