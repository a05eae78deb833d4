import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout } from 'node:timers'
import { expect, it } from 'vitest'
import { afterPoll } from './after-poll.ts'

it('comes after packets that arrived during a stall, also when more wait than one poll reads', async () => {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    let received = 0
    socket.on('message', () => received++)

    const packets = 100 // a poll of Node reads 32
    const seen = await new Promise<number>((resolve) => {
      setTimeout(() => afterPoll(() => resolve(received)), 1)
      // on Node a send to loopback is in the receiver's buffer when the call returns
      for (let i = 0; i < packets; i++) socket.send('packet', socket.address().port, '127.0.0.1')
      const end = performance.now() + 20
      while (performance.now() < end);
    })
    expect(seen).toBe(packets)
  } finally {
    socket.close()
  }
})
