import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { expect, it } from 'vitest'
import { Connections } from './connections.ts'
import { limits } from './limits.ts'
import { Refusals } from './refusals.ts'

class FakeSocket extends EventEmitter {
  open = true
  readonly remoteAddress: string
  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }
  destroy(): void {
    this.open = false
    this.emit('close')
  }
}

function watched(perSource: number) {
  const refusals = new Refusals(undefined)
  const server = new EventEmitter()
  // It listens for connections, and asks nothing else of its server.
  new Connections(perSource, refusals).watch(server as Server, (remote) => remote!)
  const connect = (from: string): FakeSocket => {
    const socket = new FakeSocket(from)
    server.emit('connection', socket)
    return socket
  }
  const many = (from: string, count: number) => Array.from({ length: count }, () => connect(from))
  const open = (sockets: readonly FakeSocket[]) => sockets.filter((socket) => socket.open).length
  return { connect, many, open, refused: () => refusals.counts()['refused:connections'] }
}

it('a source has as many connections as its share, and one more is closed and counted; one that ends makes room', () => {
  const { connect, many, open, refused } = watched(limits.connectionsPerSource)
  const sockets = many('a', 128)
  expect([open(sockets), refused()]).toEqual([128, 0])
  expect([connect('a').open, refused()]).toEqual([false, 1])
  expect(connect('b').open).toBe(true)
  sockets[0]!.destroy()
  expect([connect('a').open, connect('a').open, refused()]).toEqual([true, false, 2])
})

it('all together have 256, and one more is closed and counted, whoever it is from', () => {
  const { connect, many, open, refused } = watched(limits.connectionsPerSource)
  const sockets = [...many('a', 128), ...many('b', 127), connect('c')]
  expect([open(sockets), refused()]).toEqual([256, 0])
  expect([connect('b').open, connect('d').open, refused()]).toEqual([false, false, 2])
  sockets.at(-1)!.destroy()
  expect([connect('d').open, connect('d').open, refused()]).toEqual([true, false, 3])
})
