import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/**
 * Below those that Linux (32768), macOS and Windows (49152) choose from for whoever asks for any, so that no connection or other process is given one of these; and so are
 * those of control APIs, 10,000 above, which are none of these either.
 */
const range = { first: 11_000, count: 10_000 }
const controlAbove = 10_000
/** Processes that look for ports at the same time begin at different ones. */
let next = Math.floor(Math.random() * range.count)

/** A port of this machine that was free for TCP and UDP a moment ago, as was that of the control API of a node there, and that this process gets but once. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < range.count; tried++) {
    const port = range.first + (next++ % range.count)
    if ((await tcpCanHave(port)) && (await udpCanHave(port)) && (await tcpCanHave(port + controlAbove)))
      return port
  }
  throw new Error(`no port of ${range.first} to ${range.first + range.count - 1} is free`)
}

function tcpCanHave(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

function udpCanHave(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  return new Promise((resolve) => {
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind(port, '0.0.0.0', () => socket.close(() => resolve(true)))
  })
}
