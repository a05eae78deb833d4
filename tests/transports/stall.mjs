// Packets wait in the kernel while the process stands still past a due `wake`. Prints how many had been handed out when
// the wake came, and how many when what it gave to afterPoll was called.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { host } from '@swimkit/host'

const count = Number(process.argv[2])
const { now, wake, afterPoll } = host()
const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')
let received = 0
socket.on('message', () => received++)

const sent = new Int32Array(new SharedArrayBuffer(4))
const worker = new Worker(new URL('stall-sender.mjs', import.meta.url), {
  workerData: { port: socket.address().port, count, sent },
})
// A worker may need the main thread to start up, so the stall begins when it is about to send at the latest.
await once(worker, 'online')

const at = now() + 20
wake(at, () => {
  const early = now() < at
  const atWake = received
  afterPoll(() => {
    console.log(JSON.stringify({ runtime: host().runtime, early, atWake, afterPoll: received }))
    socket.close()
  })
})
// In an immediate, for what Node does next is to run the timers that are due; the sockets come after.
setImmediate(() => {
  const end = now() + 80
  while (now() < end || Atomics.load(sent, 0) === 0);
})
