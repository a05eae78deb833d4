import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import type { Connection } from '@swimkit/core'
import { tcp } from '@swimkit/transport-tcp'
import { described } from './packet-cases.ts'
import {
  ANY,
  type Case,
  deadAddress,
  pattern,
  pause,
  readAll,
  rejection,
  type Scope,
  text,
  utf8,
  V4,
  V6,
  within,
} from './rig.ts'

async function pair(scope: Scope, options = {}): Promise<[Connection, Connection]> {
  const server = await scope.open(tcp(options))
  const client = await scope.open(tcp(options))
  const near = await client.dial(server.address)
  return [near, await server.accepted()]
}

/** What tcp does besides what the conformance kit asks of any transport, which tests/conformance runs. */
export const streamCases: readonly Case[] = [
  {
    name: 'stream: after its own end one still reads the answer',
    async run(scope) {
      const [near, far] = await pair(scope)
      await near.write(utf8('question'))
      near.end()
      equal(text(await readAll(far)), 'question')
      await far.write(utf8('answer'))
      far.end()
      equal(text(await readAll(near)), 'answer')
      equal(described(await rejection(near.write(utf8('more')))).kind, 'reset')
      near.end()
    },
  },
  {
    name: 'stream: over IPv6, and to :: over IPv4 with a plain address',
    async run(scope) {
      const [six, both, client] = [
        await scope.open(tcp(), V6),
        await scope.open(tcp(), ANY),
        await scope.open(tcp()),
      ]
      deepEqual((await client.dial(six.address)).remote, six.address)
      equal((await six.accepted()).remote.host, '::1')
      await client.dial({ host: '127.0.0.1', port: both.address.port })
      equal((await both.accepted()).remote.host, '127.0.0.1')
    },
  },
  {
    name: 'stream: with ipv6Only nothing comes in over IPv4',
    async run(scope) {
      const server = await scope.open(tcp({ ipv6Only: true }), ANY)
      const client = await scope.open(tcp())
      const four = { host: '127.0.0.1', port: server.address.port }
      // On Deno the kernel lets it in and the transport turns it out.
      const outcome = await client.dial(four).then(
        async (connection) => connection.read().catch(() => undefined),
        () => undefined,
      )
      equal(outcome, undefined)
      await client.dial({ host: '::1', port: server.address.port })
      await server.accepted()
      equal(server.connections.length, 1)
    },
  },
  {
    name: 'stream: a closed port is refused, over IPv4 and IPv6',
    async run(scope) {
      const client = await scope.open(tcp())
      for (const bind of [V4, V6]) {
        const dead = await deadAddress(scope, tcp(), bind)
        const error = described(await rejection(client.dial(dead)))
        deepEqual([error.name, error.kind], ['DialError', 'refused'])
      }
      equal(client.stat('dialFailures'), 2)
    },
  },
  {
    name: 'stream: a name or port 0 is unreachable',
    async run(scope) {
      const client = await scope.open(tcp())
      for (const to of [
        { host: 'localhost', port: 7946 },
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.1', port: 65_536 },
      ]) {
        equal(described(await rejection(client.dial(to))).kind, 'unreachable')
      }
    },
  },
  {
    name: 'stream: a dial is called off by its signal, before and after it began, with the reason given',
    async run(scope) {
      const server = await scope.open(tcp())
      const client = await scope.open(tcp())
      const before = new AbortController()
      before.abort(new Error('before'))
      equal(await rejection(client.dial(server.address, before.signal)), before.signal.reason)
      const after = new AbortController()
      const dialling = client.dial(server.address, after.signal)
      after.abort(new Error('after'))
      equal(await rejection(dialling), after.signal.reason)
      await (await client.dial(server.address)).write(utf8('still works'))
    },
  },
  {
    name: 'stream: not open, nothing can be dialled',
    async run(scope) {
      const server = await scope.open(tcp())
      const transport = tcp()
      const signal = new AbortController().signal
      equal(described(await rejection(transport.dial(server.address, signal))).kind, 'unreachable')
      await scope.open(transport)
      await transport.close()
      equal(described(await rejection(transport.dial(server.address, signal))).kind, 'unreachable')
    },
  },
  {
    name: 'stream: one on which nothing comes is ended by who dialled, with kind timeout',
    async run(scope) {
      const mute = await scope.listener(() => {})
      const client = await scope.open(tcp({ idleTimeout: 100 }))
      const near = await client.dial(mute)
      await near.write(utf8('anybody?'))
      equal(described(await rejection(near.read())).kind, 'timeout')
      equal(described(await rejection(near.write(utf8('too late')))).kind, 'timeout')
      equal(client.stat('streamTimeouts'), 1)
    },
  },
  {
    name: 'stream: one that says nothing is ended by the listener, with kind timeout',
    async run(scope) {
      const server = await scope.open(tcp({ idleTimeout: 100 }))
      const silent = await scope.socket(server.address)
      const error = described(await rejection((await server.accepted()).read()))
      equal(error.kind, 'timeout')
      equal(server.stat('streamTimeouts'), 1)
      silent.resume()
      if (!silent.destroyed) await within(once(silent, 'close'), 'the end of the silent one')
    },
  },
  {
    name: 'stream: one that trickles is ended by the total deadline, and not before by the idle one',
    async run(scope) {
      const server = await scope.open(tcp({ idleTimeout: 2000, streamTimeout: 400 }))
      const socket = await scope.socket(server.address)
      const trickle = setInterval(() => socket.write('.'), 20)
      scope.onEnd(() => clearInterval(trickle))
      const far = await server.accepted()
      let read = 0
      const error = await rejection(
        (async () => {
          for (;;) read += (await far.read())?.byteLength ?? 0
        })(),
      )
      equal(described(error).kind, 'timeout')
      ok(read > 1)
    },
  },
  {
    name: 'stream: one whose peer is gone is reset for who goes on writing',
    async run(scope) {
      const [near, far] = await pair(scope)
      await near.write(utf8('unread'))
      far.destroy()
      far.destroy()
      const error = await rejection(
        (async () => {
          for (;;) {
            await near.write(pattern(1000))
            await pause(1)
          }
        })(),
      )
      deepEqual([described(error).name, described(error).kind], ['DialError', 'reset'])
      equal(described(await rejection(far.read())).kind, 'reset')
    },
  },
  {
    name: 'stream: close ends what waits, and frees the port',
    async run(scope) {
      const server = await scope.open(tcp())
      const client = await scope.open(tcp())
      const near = await client.dial(server.address)
      const far = await server.accepted()
      const [nearRead, farRead] = [near.read().catch(() => undefined), rejection(far.read())]
      await within(server.transport.close(), 'close')
      equal(described(await farRead).kind, 'reset')
      equal(await within(nearRead, 'the other end'), undefined)
      await scope.open(tcp(), server.address)
    },
  },
  {
    name: 'stream: above the cap the oldest that has not settled goes',
    async run(scope) {
      const server = await scope.open(tcp({ maxConnections: 3 }))
      const client = await scope.open(tcp())
      const dialled: Connection[] = []
      for (let i = 1; i <= 3; i++) {
        dialled.push(await client.dial(server.address))
        await server.accepted(i)
      }
      server.connections[0]!.settle()
      const evicted = rejection(server.connections[1]!.read())
      const fourth = await client.dial(server.address)
      await server.accepted(4)
      equal(described(await evicted).kind, 'reset')
      equal(server.stat('connectionsEvicted'), 1)
      for (const [i, near] of [dialled[0]!, dialled[2]!, fourth].entries()) {
        await near.write(Uint8Array.of(i))
        const far = server.connections[[0, 2, 3][i]!]!
        equal((await within(far.read(), 'a byte'))?.[0], i)
      }
    },
  },
  {
    name: 'stream: above the cap with all settled the new one goes',
    async run(scope) {
      const server = await scope.open(tcp({ maxConnections: 2 }))
      const client = await scope.open(tcp())
      for (let i = 1; i <= 2; i++) {
        await client.dial(server.address)
        ;(await server.accepted(i)).settle()
      }
      const third = await client.dial(server.address)
      equal(
        await within(
          third.read().catch(() => undefined),
          'the end',
        ),
        undefined,
      )
      deepEqual([server.connections.length, server.stat('connectionsRefused')], [2, 1])
      server.connections[0]!.destroy()
      await rejection(server.connections[0]!.read())
      // its leaving is noticed a turn later; until then one more is turned away
      let next = await client.dial(server.address)
      while (server.connections.length < 3) {
        await pause(5)
        if (server.connections.length < 3) next = await client.dial(server.address)
      }
      await next.write(utf8('there is room again'))
      equal(text((await (await server.accepted(3)).read())!), 'there is room again')
    },
  },
  {
    name: 'stream: 300 connections that say nothing do not keep out a request',
    async run(scope) {
      const server = await scope.open(tcp())
      await Promise.all(Array.from({ length: 300 }, () => scope.socket(server.address)))
      await server.accepted(300)
      const client = await scope.open(tcp())
      const near = await client.dial(server.address)
      const far = await server.accepted(301)
      await near.write(utf8('request'))
      equal(text((await within(far.read(), 'the request'))!), 'request')
      far.settle()
      await far.write(utf8('reply'))
      far.end()
      equal(text(await readAll(near)), 'reply')
      equal(server.stat('connectionsEvicted'), 45) // 301 less 256
    },
  },
]
