import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom, type Message, swimCodec } from '@swimkit/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agree, eventually, runtimes, type SwimProcess, start, swim } from './swim-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  await writeFile(join(folder, 'bad.yaml'), 'port: [1, 2\n')
  await writeFile(join(folder, 'unknown.yaml'), 'prot: 7946\n')
  await writeFile(join(folder, 'range.json'), '{"dropRate": 7}')
})
afterAll(() => rm(folder, { recursive: true }))

describe('what the user can fix at the start ends with one line and code 2', () => {
  test.concurrent.each([
    ['an unknown flag', ['--prot', '1'], /--prot/],
    ['a port out of range', ['--port', '70000'], /70000/],
    ['a port that is no number', ['--port', 'http'], /http/],
    ['an unknown detector', ['--detector', 'crystal-ball'], /crystal-ball/],
    ['a detector by path', ['--detector', './evil.js'], /evil/],
    ['a detector by data URL', ['--detector', 'data:text/javascript,process.exit(7)'], /data:/],
    ['an unknown transport', ['--transport', 'pigeon'], /pigeon/],
    ['an unknown codec', ['--codec', 'morse'], /morse/],
    ['an unknown profile', ['--profile', 'mars'], /mars/],
    ['a hostile name', ['--name', 'a b\u001b[31m'], /name/],
    ['a name that is too long', ['--name', 'x'.repeat(129)], /128/],
    ['a seed that is no address', ['--seed', '10.0.0.5:79460'], /79460/],
    ['a duration without sense', ['--probe-interval', 'soon'], /soon/],
    ['a timeout above its interval', ['--probe-interval', '1s', '--probe-timeout', '2s'], /probe/],
    ['a drop rate above 1', ['--drop-rate', '1.5'], /1\.5/],
    ['a config file that is not there', ['--config', '/nonexistent/swim.yaml'], /nonexistent/],
    ['a config file that does not parse', ['--config', () => join(folder, 'bad.yaml')], /bad\.yaml/],
    ['a config file with an unknown key', ['--config', () => join(folder, 'unknown.yaml')], /prot/],
    ['a config file with a bad value', ['--config', () => join(folder, 'range.json')], /drop/],
    ['loopback bound and another address advertised', ['--advertise', '192.0.2.7'], /192\.0\.2\.7/],
    [
      'a data folder below a file',
      ['--data-dir', () => join(folder, 'bad.yaml', 'x')],
      /--data-dir: .*not a folder/,
    ],
    ['a data folder that cannot be made', ['--data-dir', '/proc/swim'], /--data-dir: .*"\/proc\/swim"/],
    ['an open control port without a token', ['--control', '0.0.0.0:0'], /token/],
  ] as const)('%s', async (_, flags, message) => {
    const args = flags.map((flag) => (typeof flag === 'function' ? flag() : flag))
    const { code, stderr, stdout } = await swim(['start', '--bind', '127.0.0.1', '--port', '0', ...args])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('\u001b[31m')
  })

  test.concurrent.each(runtimes)('a port in use, on %s', async (runtime) => {
    const holder = await start(['--port', '0'])
    const { port } = new URL(`http://${holder.ready.address}`)
    const { code, stderr } = await swim(
      ['start', '--bind', '127.0.0.1', '--port', port, '--control-port', '0'],
      runtime,
    )
    expect([code, stderr.trim().split('\n').length]).toEqual([2, 1])
    expect(stderr).toContain(port)
  })
})

test('a client command without a node ends with one line and code 1', async () => {
  const { code, stderr } = await swim(['members', '--control', '127.0.0.1:9'])
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
})

describe.concurrent.each(runtimes)('a node on %s keeps serving', (runtime) => {
  test('when its only seed is itself, or never answers', async () => {
    // Takes connections, and says nothing.
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const seed = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const node = await start(['--name', 'solo', '--port', '0', '--seed', seed], runtime)
    const self = await start(['--name', 'self', '--port', '0'], runtime)
    const joined = await self.post<{ joined: string[]; failed: { code: string }[] }>('/v1/join', {
      seeds: [self.ready.address],
    })
    expect(joined.joined).toEqual([])
    expect(joined.failed[0]!.code).toBe('self')
    expect(await node.statuses()).toEqual({ solo: 'alive' })
    silent.close()
  })

  test('when another cluster and garbage come over streams', async () => {
    const node = await start(['--name', 'one', '--port', '0', '--cluster', 'red'], runtime)
    const stranger = await start([
      '--name',
      'two',
      '--port',
      '0',
      '--cluster',
      'blue',
      '--seed',
      node.ready.address,
    ])
    await eventually('the stranger is told which cluster it is', 20_000, () =>
      Promise.resolve({
        ok: /red/.test(stranger.stderr()) && /blue/.test(stranger.stderr()),
        seen: stranger.stderr(),
      }),
    )
    const [host, port] = node.ready.address.split(':')
    const slow = Array.from({ length: 50 }, () => connect(Number(port), host!))
    for (const socket of slow) socket.on('error', () => undefined)
    await Promise.all(slow.map((socket) => once(socket, 'connect')))
    slow[0]!.write(Buffer.alloc(100_000, 0xff))
    slow[1]!.write('GET / HTTP/1.1\r\n\r\n')
    const friend = await start([
      '--name',
      'three',
      '--port',
      '0',
      '--cluster',
      'red',
      '--seed',
      node.ready.address,
    ])
    await agree([node, friend], { one: 'alive', three: 'alive' })
    for (const socket of slow) socket.destroy()
  })
})

test('100,000 random and mutated datagrams change nothing in the membership, on each runtime', async () => {
  const pairs = await Promise.all(runtimes.map(pair))
  const nodes = pairs.map(([a]) => a)
  const ports = nodes.map(({ ready }) => Number(ready.address.split(':')[1]))
  const before = await Promise.all(nodes.map(membersOf))
  const readBefore = await Promise.all(nodes.map(packetsRead))
  const residentBefore = await Promise.all(nodes.map(residentBytes))
  const socket = createSocket('udp4')
  let sent = 0
  for (const bytes of hostileDatagrams(100_000)) {
    for (const port of ports) socket.send(bytes, port, '127.0.0.1')
    // Fewer than a socket's buffer takes: what is dropped before it is read tests nothing.
    if (++sent % 100 === 0) await untilRead(ports)
  }
  socket.close()
  for (const [a, b] of pairs) await agree([a, b], { a: 'alive', b: 'alive' })
  expect(await Promise.all(nodes.map(membersOf))).toEqual(before)
  for (const [i, node] of nodes.entries()) {
    expect((await packetsRead(node)) - readBefore[i]!).toBeGreaterThanOrEqual(sent)
    expect((await residentBytes(node)) - residentBefore[i]!).toBeLessThan(128 * 1_024 * 1_024)
  }
}, 120_000)

/** By turns random bytes, and what a member could say with some bytes changed. */
function* hostileDatagrams(count: number): Generator<Uint8Array> {
  const codec = swimCodec().open({
    cluster: 'default',
    sealer: undefined,
    maxPacketBytes: 65_535,
    maxStreamBytes: 1e6,
  })
  const sender = { name: 'b', boot: 77n, incarnation: 1 }
  const incarnation = 4_000_000_000
  const messages: readonly Message[] = [
    { type: 'ping', seq: 1, target: 'a', boot: undefined },
    { type: 'suspect', name: 'b', incarnation, accusations: [{ accuser: 'x', evidence: 'timeout' }] },
    { type: 'left', name: 'b', incarnation, by: 'b' },
  ]
  const valid = messages.map((message) => codec.bundle(sender, [codec.encode(message)], undefined))
  const random = createRandom([2_026])
  const noise = Uint8Array.from({ length: 1_048_576 }, () => random.below(256))
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) {
      const at = random.below(noise.length - 600)
      yield noise.subarray(at, at + 1 + random.below(600))
    } else {
      const bytes = valid[random.below(valid.length)]!.slice()
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        const at = random.below(bytes.length)
        bytes[at] = bytes[at]! ^ (1 + random.below(255))
      }
      yield bytes
    }
  }
}

const membersOf = async (node: SwimProcess): Promise<string[][]> =>
  (await node.members()).map(({ name, status }) => [name, status])

const packetsRead = async ({ get }: SwimProcess): Promise<number> =>
  (await get<{ transport: Record<string, number> }>('/v1/stats')).transport['packets.packetsReceived']!

/** Until nothing waits in the sockets at these ports, as Linux tells it. */
async function untilRead(ports: readonly number[]): Promise<void> {
  const local = ports.map((port) => ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `)
  for (;;) {
    const lines = (await readFile('/proc/net/udp', 'utf8')).split('\n')
    const sockets = lines.filter((line) => local.some((at) => line.includes(at)))
    // Bytes to be sent, and to be read.
    if (sockets.every((line) => / [0-9A-F]{8}:00000000 /.test(line))) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function pair(runtime: (typeof runtimes)[number]): Promise<[SwimProcess, SwimProcess]> {
  const a = await start(['--name', 'a', '--port', '0'], runtime)
  const b = await start(['--name', 'b', '--port', '0', '--seed', a.ready.address])
  await agree([a, b], { a: 'alive', b: 'alive' })
  return [a, b]
}

/** Memory of a process, as Linux tells it. */
async function residentBytes({ ready }: SwimProcess): Promise<number> {
  const status = await readFile(`/proc/${ready.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1_024
}
