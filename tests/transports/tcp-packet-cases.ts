import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PREFACE, type TcpOptions, tcp } from '@swimkit/transport-tcp'
import { packetCases } from './packet-cases.ts'
import { type Case, deadAddress, eventually, joined, pattern, pause, text, utf8, within } from './rig.ts'

const packetTcp = (options: TcpOptions = {}) => tcp({ packets: true, ...options })

/** Bytes as an outbound packet connection would begin, with frames of the given sizes. */
function wire(...packets: Uint8Array[]): Uint8Array {
  return joined([
    PREFACE,
    ...packets.flatMap((p) => [Uint8Array.of(p.byteLength >>> 8, p.byteLength & 255), p]),
  ])
}

async function closed(socket: Socket): Promise<void> {
  socket.resume()
  if (!socket.destroyed) await within(once(socket, 'close'), 'the end of the socket')
}

export const tcpPacketCases: readonly Case[] = [
  ...packetCases('tcp', packetTcp),
  {
    name: 'tcp packets: one connection each way carries them all',
    async run(scope) {
      const [a, b] = [await scope.open(packetTcp()), await scope.open(packetTcp())]
      for (let i = 1; i <= 50; i++) {
        a.send(b, pattern(100, i))
        await b.heard(i)
        b.send(a, pattern(100, i))
        await a.heard(i)
      }
      for (const station of [a, b]) {
        equal(station.stat('packetConnectionsOpened'), 1)
        equal(station.stat('packetConnectionsAccepted'), 1)
        equal(station.stat('packetsReceived'), 50)
        deepEqual(station.packets[49]!.bytes, pattern(100, 50))
      }
    },
  },
  {
    name: 'tcp packets: those to one address arrive in order',
    async run(scope) {
      const [a, b] = [await scope.open(packetTcp()), await scope.open(packetTcp())]
      for (let i = 0; i < 100; i++) a.send(b, Uint8Array.of(i))
      await b.heard(100)
      deepEqual(
        b.packets.map(({ bytes }) => bytes[0]),
        Array.from({ length: 100 }, (_, i) => i),
      )
    },
  },
  {
    name: 'tcp packets: a peer that restarts on its port is found again',
    async run(scope) {
      const [a, b] = [await scope.open(packetTcp()), await scope.open(packetTcp())]
      a.send(b, utf8('before'))
      await b.heard(1)
      await b.transport.close()
      for (let i = 0; i < 5; i++) {
        a.send(b, utf8('to nobody'))
        await pause(20)
      }
      const reborn = await scope.open(packetTcp(), b.address)
      await eventually(() => {
        a.send(b, utf8('after'))
        return reborn.packets.length > 0
      }, 'a packet to the restarted peer')
      equal(text(reborn.packets[0]!.bytes), 'after')
      ok(a.stat('unconnected') > 0)
    },
  },
  {
    name: 'tcp packets: a frame above the maximum cuts the sender off',
    async run(scope) {
      const station = await scope.open(packetTcp({ maxPacketBytes: 100 }))
      const socket = await scope.socket(station.address)
      socket.write(wire(new Uint8Array(100), new Uint8Array(101), new Uint8Array(1)))
      await closed(socket)
      equal(station.stat('badFrames'), 1)
      equal(station.packets.length, 1)
    },
  },
  {
    name: 'tcp packets: a wrong preface cuts the sender off',
    async run(scope) {
      const station = await scope.open(packetTcp())
      const socket = await scope.socket(station.address)
      socket.write(Uint8Array.of(PREFACE[0]!, 1, 2, 3, 0, 0))
      await closed(socket)
      equal(station.stat('badFrames'), 1)
      deepEqual([station.packets, station.connections], [[], []])
    },
  },
  {
    name: 'tcp packets: a frame that comes byte by byte arrives whole',
    async run(scope) {
      const station = await scope.open(packetTcp())
      const socket = (await scope.socket(station.address)).setNoDelay()
      for (const byte of wire(utf8('slow'), utf8('but sure'))) {
        socket.write(Uint8Array.of(byte))
        await pause(1)
      }
      await station.heard(2)
      deepEqual(
        station.packets.map(({ bytes }) => text(bytes)),
        ['slow', 'but sure'],
      )
    },
  },
  {
    name: 'tcp packets: connections that say nothing are ended, and make way for those that do',
    async run(scope) {
      const station = await scope.open(packetTcp({ maxConnections: 3, idleTimeout: 300 }))
      const silent = await Promise.all([1, 2, 3].map(() => scope.socket(station.address)))
      const sender = await scope.open(packetTcp())
      sender.send(station, utf8('heard'))
      await station.heard(1)
      equal(station.stat('connectionsEvicted'), 1)
      await Promise.all(silent.map(closed))
      sender.send(station, utf8('still connected'))
      await station.heard(2)
      equal(sender.stat('packetConnectionsOpened'), 1)
    },
  },
  {
    name: 'tcp packets: above the maximum the connection not used for longest makes way',
    async run(scope) {
      const sender = await scope.open(packetTcp({ maxPacketConnections: 2 }))
      const peers = [
        await scope.open(packetTcp()),
        await scope.open(packetTcp()),
        await scope.open(packetTcp()),
      ]
      const [a, b, c] = [peers[0]!, peers[1]!, peers[2]!]
      const say = async (to: typeof a, count: number) => {
        sender.send(to, utf8('hello'))
        await to.heard(count)
      }
      await say(a, 1)
      await say(b, 1)
      await say(a, 2)
      await say(c, 1) // b makes way
      await say(a, 3)
      equal(sender.stat('packetConnectionsOpened'), 3)
      await say(b, 2)
      equal(sender.stat('packetConnectionsOpened'), 4)
    },
  },
  {
    name: 'tcp packets: one not used is closed, and made again when it is',
    async run(scope) {
      const [a, b] = [await scope.open(packetTcp({ packetIdleTimeout: 100 })), await scope.open(packetTcp())]
      a.send(b, utf8('one'))
      await b.heard(1)
      await pause(400)
      a.send(b, utf8('two'))
      await b.heard(2)
      equal(a.stat('packetConnectionsOpened'), 2)
      equal(a.stat('unconnected'), 0)
    },
  },
  {
    name: 'tcp packets: what waits for a connection is bounded',
    async run(scope) {
      const [a, b] = [await scope.open(packetTcp({ maxQueuedBytes: 10_020 })), await scope.open(packetTcp())]
      for (let i = 0; i < 20; i++) a.send(b, pattern(1000, i)) // with its length 1,002 bytes
      equal(a.stat('overflows'), 10)
      await b.heard(10)
      deepEqual(b.packets[9]!.bytes, pattern(1000, 9)) // the newest were dropped
      a.send(b, utf8('there is room again'))
      await b.heard(11)
    },
  },
  {
    name: 'tcp packets: a dead peer and one that drops every connection are not stormed',
    async run(scope) {
      let connects = 0
      const dropping = await scope.listener((socket) => {
        connects++
        socket.destroy()
      })
      const dead = await deadAddress(scope, tcp())
      const sender = await scope.open(packetTcp())
      const end = performance.now() + 600
      let sends = 0
      for (; performance.now() < end; sends++) {
        sender.transport.send(dropping, utf8('anybody?'))
        sender.transport.send(dead, utf8('anybody?'))
        await pause(2)
      }
      ok(connects >= 2, `${connects} connections`)
      ok(connects <= 4, `${connects} connections in 600 ms, with rests of 100, 200 and 400 ms between them`)
      await eventually(() => sender.stat('unconnected') >= sends, 'the packets to the dead peer counted')
    },
  },
  {
    name: 'tcp packets: a peer that answers nothing is given up for a new connection',
    async run(scope) {
      let connects = 0
      const mute = await scope.listener((socket) => {
        connects++
        socket.resume() // reads, as a kernel would whose process hangs, and never answers
      })
      const sender = await scope.open(packetTcp())
      await eventually(() => {
        sender.transport.send(mute, utf8('anybody?'))
        return connects === 2
      }, 'a second connection')
      equal(sender.stat('packetConnectionsStalled'), 1)
    },
  },
]
