/**
 * Run on Bun, which hands the system many datagrams in one call: `flood HOST PORT RATE SECONDS KIND KEY`. Sends so many datagrams a second and ends; prints how
 * many were sent.
 */
import process from 'node:process'
import { type JunkKind, junk } from './junk.ts'

/** As much of Bun's own sockets as is used here. `sendMany` says how many the system took. */
interface BunSockets {
  udpSocket(options: object): Promise<{ sendMany(flat: readonly unknown[]): number; close(): void }>
}

const [host, port, rate, seconds, kind, key] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  JunkKind,
  string,
]
const { Bun } = globalThis as unknown as { Bun: BunSockets } // of the runtime that this is for
const socket = await Bun.udpSocket({})
const packets = junk(kind, key)
const perSecond = Number(rate)
const began = performance.now()
const end = began + 1_000 * Number(seconds)
let sent = 0
while (performance.now() < end) {
  const due = Math.floor(((performance.now() - began) / 1_000) * perSecond)
  // What this process came too late for is not made up for all at once.
  const batch = Math.min(due - sent, 500)
  if (batch > 0) {
    const flat: unknown[] = []
    for (let i = 0; i < batch; i++) flat.push(packets[(sent + i) % packets.length]!, Number(port), host)
    sent += socket.sendMany(flat)
  }
  await new Promise((resolve) => setTimeout(resolve, 1))
}
console.log(String(sent))
socket.close()
