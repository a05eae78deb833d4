// A thread of its own, for on Deno a send is under way until the event loop turns, and the main thread's is to stand still.
import { createSocket } from 'node:dgram'
import { workerData } from 'node:worker_threads'

const { port, count, sent } = workerData
const socket = createSocket('udp4')
let left = count
for (let i = 0; i < count; i++) {
  socket.send('packet', port, '127.0.0.1', () => {
    left--
    if (left > 0) return
    Atomics.store(sent, 0, 1)
    socket.close()
  })
}
