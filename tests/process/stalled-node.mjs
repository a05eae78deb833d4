// Two roles for stall.test.ts, run with the built packages on each runtime.
//   answerer           a node whose packets leave 60 ms late
//   prober ADDRESS     a node that stands still right after each ping, until after its timeout; prints what it made of it
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { compose, createNode } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'

const [role, address] = process.argv.slice(2)
const clock = host()
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const transport = compose({ packets: udp(), streams: tcp() })
const { send } = transport
/** What happens to a packet on its way out. */
let out = (to, packet) => send.call(transport, to, packet)

const node = createNode({
  name: role,
  bind: '127.0.0.1:0',
  host: clock,
  transport: { ...transport, send: (to, packet) => out(to, packet) },
  detector: pingAck(),
  // The answerer hardly ever probes: each packet that the prober sends is a ping, and has the stall that it is to have.
  settings: { probeInterval: role === 'prober' ? 500 : 60_000, probeTimeout: 200, syncInterval: 0 },
})
await node.start()

if (role === 'answerer') {
  out = (to, packet) => void setTimeout(() => send.call(transport, to, packet), 60)
  console.log(`${node.address.host}:${node.address.port}`)
} else {
  const { failed } = await node.join([address])
  if (failed.length > 0) throw new Error(failed[0].message)
  await sleep(1_500)
  const before = node.stats().engine
  let stalls = 0
  // Stands still while a socket is being read: after that all three runtimes come to their timers before they read again.
  // After a timer or `setImmediate`, some of them read first.
  const trigger = createSocket('udp4').bind(0, '127.0.0.1')
  await once(trigger, 'listening')
  trigger.on('message', () => {
    stalls++
    const end = clock.now() + 260
    while (clock.now() < end);
  })
  out = (to, packet) => {
    send.call(transport, to, packet)
    if (stalls === 8) return
    // Long enough for the packet to leave, then blind until after the timeout. The answer arrives meanwhile.
    setTimeout(() => trigger.send('', trigger.address().port, '127.0.0.1'), 20)
  }
  while (stalls < 8) await sleep(50)
  out = (to, packet) => send.call(transport, to, packet)
  await sleep(1_000)
  const after = node.stats().engine
  console.log(
    JSON.stringify({
      stalls,
      latePolls: after.latePolls - before.latePolls,
      streams: after.streamsOut - before.streamsOut,
      suspected: after.suspectedOthers,
      status: node.member('answerer').status,
    }),
  )
  process.exit(0)
}
