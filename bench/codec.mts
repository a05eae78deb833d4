/**
 * What the codecs cost: nanoseconds per operation, the best of several rounds.
 *
 *   npm run bench:codec
 */
import { jsonCodec, type Message, type Sender, swimCodec } from '@swimkit/core'

const sender: Sender = { name: 'node-0001.eu-west', boot: 0x1234_5678_9abc_def0n, incarnation: 1_790_000_000 }

const ping: Message = { type: 'ping', seq: 70_000, target: 'node-0002.eu-west', boot: undefined }

const claims: readonly Message[] = Array.from({ length: 10 }, (_, i) => ({
  type: 'alive',
  incarnation: 1_790_000_000 + i,
  record: {
    name: `node-${String(i).padStart(4, '0')}.eu-west`,
    boot: 0xfeed_0000_0000_0000n + BigInt(i),
    startedAt: 1_790_000_000_000,
    address: { host: `10.0.0.${i + 1}`, port: 7946 },
    streams: true,
    leaving: false,
    protocolMin: 1,
    protocolMax: 1,
    capabilities: ['detector:pingack', 'detector:gossip'],
    data: new TextEncoder().encode('role=web,zone=b'),
    opaque: undefined,
  },
}))

for (const plugin of [swimCodec(), jsonCodec()]) {
  const context = { cluster: 'production', sealer: undefined, maxPacketBytes: 1_400, maxStreamBytes: 1 << 24 }
  const codec = plugin.open(context)
  const pingPart = codec.encode(ping)
  const claimParts = claims.map((claim) => codec.encode(claim))
  const pingPacket = codec.bundle(sender, [pingPart], undefined)
  const claimPacket = plugin
    .open({ ...context, maxPacketBytes: 65_536 })
    .bundle(sender, claimParts.slice(0, 10), undefined)
  const decoder = plugin.open({ ...context, maxPacketBytes: 65_536 })
  console.log(
    `${plugin.name}: ping packet ${pingPacket.length} bytes, 10 alive claims ${claimPacket.length} bytes`,
  )
  measure('encode a ping and bundle it', () => codec.bundle(sender, [codec.encode(ping)], undefined))
  measure('bundle 10 encoded claims', () => codec.bundle(sender, claimParts, undefined))
  measure('encode an alive claim', () => codec.encode(claims[0]!))
  measure('decode the ping packet', () => decoder.decode(pingPacket))
  measure('decode the packet of 10 claims', () => decoder.decode(claimPacket))
}

function measure(what: string, run: () => unknown): void {
  let best = Number.POSITIVE_INFINITY
  // The best of many short rounds: other load on the machine can only add.
  for (let round = 0; round < 40; round++) {
    const start = performance.now()
    for (let i = 0; i < 5_000; i++) kept = run()
    best = Math.min(best, (performance.now() - start) / 5_000)
  }
  console.log(`  ${what.padEnd(32)} ${Math.round(best * 1e6)} ns`)
}

/** Keeps the optimiser from dropping what nobody looks at. */
export let kept: unknown
