/**
 * What the datagrams of a steady cluster cost without a cluster: N sockets in this process, each of which sends one datagram
 * of a ping's size per second to a random other, which answers with one of an ack's size. Addresses are looked up at
 * once, as transport-udp does it. Nothing is encoded, decoded, remembered or timed out.
 *
 * Prints one JSON object, with the keys of the peers where it has their figures.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { swimCodec } from '@swimkit/core'
import { host } from '@swimkit/host'
import { cpuSeconds, datagramsOut } from './peer/cost.mts'
import { readNumber, runProgram } from './peer/numbers.mts'
import { sleep } from './peer/wait.mts'

/** Of both peers' probing at `lan`: memberlist's ProbeInterval, swimkit's probeInterval. Milliseconds. */
const period = 1_000
const isPing = 1
const isAck = 2

async function run(n: number, base: number, settle: number, hold: number): Promise<void> {
  const [ping, ack] = datagrams(n)
  const sockets: Socket[] = []
  let sent = 0
  let acks = 0
  for (let i = 0; i < n; i++) {
    const socket = createSocket({ type: 'udp4', lookup: (text, _options, found) => found(null, text, 4) })
    socket.on('message', (bytes, { address, port }) => {
      if (bytes[0] === isAck) acks++
      else {
        sent++
        socket.send(ack, port, address)
      }
    })
    // Before the bind: with a lookup that answers at once, a socket may listen by the time that bind returns.
    const listening = once(socket, 'listening')
    socket.bind({ address: '127.0.0.1', port: base === 0 ? 0 : base + i, exclusive: true })
    await listening
    sockets.push(socket)
  }
  const ports = sockets.map((socket) => socket.address().port)
  const timers: NodeJS.Timeout[] = []
  for (const [i, socket] of sockets.entries()) {
    const probe = (): void => {
      const other = (i + 1 + Math.floor(Math.random() * (n - 1))) % n
      sent++
      socket.send(ping, ports[other]!, '127.0.0.1')
    }
    // At random instants, as nodes probe: together they would share turns of the event loop.
    timers[i] = setTimeout(() => {
      timers[i] = setInterval(probe, period)
    }, Math.random() * period)
  }

  await sleep(period + settle * 1_000)
  const before = { cpu: cpuSeconds(), datagrams: datagramsOut(), sent, acks, at: performance.now() }
  await sleep(hold * 1_000)
  const span = ((performance.now() - before.at) / 1_000) * n
  const used = cpuSeconds() - before.cpu
  const datagramsNow = datagramsOut()
  console.log(
    JSON.stringify({
      system: 'bare sockets',
      runtime: host().runtime,
      n,
      ping_bytes: ping.length,
      ack_bytes: ack.length,
      steady_cpu_pct_per_node: (100 * used) / span,
      steady_datagrams_per_node_s:
        datagramsNow === undefined || before.datagrams === undefined
          ? undefined
          : (datagramsNow - before.datagrams) / span,
      steady_packets_per_node_s: (sent - before.sent) / span,
      steady_acks_per_node_s: (acks - before.acks) / span,
    }),
  )
  for (const timer of timers) clearTimeout(timer)
  for (const socket of sockets) socket.close()
}

/** A ping and an ack as large as those between the peer's nodes, and of no meaning. */
function datagrams(n: number): [ping: Uint8Array, ack: Uint8Array] {
  const codec = swimCodec().open({
    cluster: 'default',
    sealer: undefined,
    maxPacketBytes: 1_400,
    maxStreamBytes: 1 << 16,
  })
  const name = `n${n - 1}`
  const sender = { name, boot: 1n, incarnation: 1 }
  // Sequence numbers start at random 32-bit ones, so nearly all take five bytes.
  const seq = 0xffff_ffff
  const messages = [
    codec.encode({ type: 'ping', seq, target: name, boot: undefined }),
    codec.encode({ type: 'ack', seq, payload: undefined }),
  ]
  const [pingBytes, ackBytes] = messages.map((part) => codec.bundle(sender, [part], undefined).length)
  return [new Uint8Array(pingBytes!).fill(isPing), new Uint8Array(ackBytes!).fill(isAck)]
}

const usage = `npm run bench:bare -- [options]
  --nodes 50            sockets
  --base 0              port of the first, the others follow; 0: whichever are free
  --settle 5            seconds before anything is measured
  --hold 10             seconds that are measured`

await runProgram('bare-sockets', usage, async () => {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '50' },
      base: { type: 'string', default: '0' },
      settle: { type: 'string', default: '5' },
      hold: { type: 'string', default: '10' },
    },
  })
  const n = readNumber('--nodes', values.nodes, 2, 10_000, { whole: true })
  await run(
    n,
    readNumber('--base', values.base, 0, 65_536 - n, { whole: true }),
    readNumber('--settle', values.settle, 0, 3_600),
    readNumber('--hold', values.hold, 1, 3_600),
  )
})
