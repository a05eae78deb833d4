import { createSocket, type Socket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { fakeIo } from '../testing/fake-io.ts'
import { runDemo } from './demo.ts'

let taker: Socket | undefined
afterEach(() => taker?.close())

test('goes on at another port where that of the member that comes back was given to somebody else', async () => {
  const io = fakeIo()
  let address = ''
  const code = await runDemo(
    {
      ...io,
      out: (text) => {
        io.out(text)
        const told = JSON.parse(text) as { step: string; node?: string; text: string }
        if (told.step === 'start' && told.node === 'eve') address = told.text.split(' ').at(-1)!
        if (told.step === 'leave') taker = take(address)
      },
    },
    true,
  )
  const back = /"text":"eve is started again, at (\S+), as its old port is in use by now"/.exec(io.stdout())
  expect([code, back?.[1]]).toEqual([0, expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
  expect(back![1]).not.toBe(address)
  expect(io.stdout()).toContain('"step":"back"')
})

function take(address: string): Socket {
  const [host, port] = address.split(':')
  const socket = createSocket('udp4')
  socket.bind(Number(port), host)
  return socket
}
