import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type LanDiscovery, LanError, type LanPresence, lanDiscovery } from '@swimkit/bootstrap'
import { host } from '@swimkit/host'
import { freePort } from '../free-port.ts'
import { type Case, rejection, type Scope } from '../transports/rig.ts'

/** A process on loopback that discovers: broadcasts to 127.255.255.255 stay on the machine. */
async function opened(scope: Scope, port: number, number: number): Promise<LanDiscovery> {
  const lan = lanDiscovery({ host: host(), port, wait: 400 })
  scope.onEnd(() => lan.close())
  const presence: LanPresence = {
    name: `n${number}`,
    address: `127.0.0.1:${number}`,
    boot: number.toString(16).padStart(16, '0'),
    active: 1,
    cluster: 'default',
  }
  await lan.open(() => presence)
  return lan
}

/** What asking the local network must do on every runtime. */
export const lanCases: readonly Case[] = [
  {
    name: 'lan: processes that share the port find each other by broadcast, and themselves not',
    async run(scope) {
      const port = await freePort()
      const [a, b] = [
        await opened(scope, port, 1),
        await opened(scope, port, 2),
        await opened(scope, port, 3),
      ]
      const names = async (lan: LanDiscovery) => (await lan.ask()).map(({ name }) => name).sort()
      deepEqual(await names(a), ['n2', 'n3'])
      deepEqual(await names(b), ['n1', 'n3'])
      deepEqual(
        a.callers().map(({ address }) => address),
        ['127.0.0.1:2'],
      )
    },
  },
  {
    name: 'lan: noise is counted, and harms nothing',
    async run(scope) {
      const port = await freePort()
      const [a] = [await opened(scope, port, 1), await opened(scope, port, 2)]
      const noise = createSocket('udp4')
      scope.onEnd(() => noise.close())
      for (const bytes of [Uint8Array.of(0xd8, 1, 2), new Uint8Array(2_000), Uint8Array.of(0)]) {
        noise.send(bytes, port, '127.0.0.1')
      }
      const empty = Uint8Array.of(0xd8, 1, ...new Uint8Array(9))
      noise.send(empty, port, '127.0.0.1')
      equal((await a.ask()).length, 1)
    },
  },
  {
    name: 'lan: who asks and is gone before it is answered keeps nobody from answering others',
    async run(scope) {
      const port = await freePort()
      const [a, b] = [await opened(scope, port, 1), await opened(scope, port, 2)]
      const c = await opened(scope, port, 3)
      const answered = a.ask()
      await c.close()
      await answered
      // Bun tells a socket of an answer that nobody took when it sends the next.
      for (let i = 0; i < 3; i++) equal((await a.ask()).length, 1)
      equal((await b.ask()).length, 1)
    },
  },
  {
    name: 'lan: a port that another program has for itself is refused with the reason',
    async run(scope) {
      const other = createSocket('udp4')
      scope.onEnd(() => other.close())
      other.bind(0, '0.0.0.0')
      await once(other, 'listening')
      const { port } = other.address()
      const lan = lanDiscovery({ host: host(), port })
      scope.onEnd(() => lan.close())
      const error = await rejection(lan.open(() => undefined))
      ok(error instanceof LanError, String(error))
      match(error.message, new RegExp(`^cannot use UDP port ${port}: .*(EADDRINUSE|in use)`))
    },
  },
  {
    name: 'lan: what is closed can be opened anew by another, and asks nobody any more',
    async run(scope) {
      const port = await freePort()
      const a = await opened(scope, port, 1)
      const b = await opened(scope, port, 2)
      await b.close()
      deepEqual(await b.ask(), [])
      deepEqual(await a.ask(), [])
      await opened(scope, port, 3)
      equal((await a.ask()).length, 1)
    },
  },
]
