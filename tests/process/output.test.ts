import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  agree,
  commands,
  eventually,
  exit,
  follow,
  launch,
  launcher,
  launchProgram,
  type Runtime,
  runtimes,
  type SwimProcess,
  serving,
  start,
  succeeded,
} from './swim-process.ts'

/** Prints more than the 64 KiB that a pipe holds on Linux, within a second. */
const long = 'simulate --json --no-check --nodes 1 --crash 0 --duration 1s --runs 300'.split(' ')

/** Runs a script of bash, where `"$@"` is swim-cli with these arguments. */
async function inShell(script: string, runtime: Runtime, args: readonly string[]) {
  const child = launchProgram('bash', ['-c', script, 'bash', ...commands[runtime], launcher, ...args])
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return { code: await exit(child), stdout, stderr }
}

test.concurrent.each(runtimes)(
  'on %s a reader that comes late gets all of a long output',
  async (runtime) => {
    const { stdout } = succeeded(await inShell('"$@" | { head -c 1000; sleep 1; cat; }', runtime, long))
    expect(stdout.length).toBeGreaterThan(75_000)
    expect(JSON.parse(stdout).runs).toHaveLength(300)
  },
)

test.concurrent.each(runtimes)(
  'on %s a stdout that can take no more is one line and exit code 1; one that is closed is no fault',
  async (runtime) => {
    expect(await inShell('"$@" > /dev/full', runtime, ['keygen'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^swim-cli: cannot write to stdout: .*no space left on device.*\n$/i),
    })
    expect(await inShell('set -o pipefail; "$@" | head -c 10', runtime, long)).toEqual({
      code: 0,
      stdout: '{"traceHas',
      stderr: '',
    })
  },
)

/** Each is a line of some 130 characters at `debug`: more than a pipe and a node hold of a log. */
const enoughRefusals = 12_500

/** Sends packets from an address that is not allowed, until so many of them were refused. */
async function sendStrange(node: SwimProcess, refusals: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.2')
  await once(socket, 'listening')
  const { hostname, port } = new URL(`udp://${node.ready.address}`)
  const refused = async () =>
    (await node.get<{ engine: { packetsNotAllowed: number } }>('/v1/stats')).engine.packetsNotAllowed
  await eventually(`${refusals} packets are refused`, 30_000, async () => {
    for (let sent = 0; sent < 500; sent++) socket.send('who are you?', Number(port), hostname)
    const seen = await refused()
    return { ok: seen >= refusals, seen }
  })
  socket.close()
}

test.concurrent.each(runtimes)(
  'on %s nobody doubts a node whose log is not read, and it says later how much it left out',
  async (runtime) => {
    const observer = await start(['--name', 'observer', '--port', '0'])
    const flags = ['--name', 'unread', '--port', '0', '--log-level', 'debug', '--allow', '127.0.0.1/32']
    const seeds = ['--bind', '127.0.0.1', '--seed', observer.ready.address]
    const child = launch(['start', ...flags, ...seeds], runtime)
    const unread = await serving(child)
    await agree([observer, unread], { observer: 'alive', unread: 'alive' })
    const { events, stop } = await follow(observer)

    child.stderr!.pause()
    await sendStrange(unread, enoughRefusals)
    // Long enough to be doubted: a stopped node is after 2 s.
    await wait(3_000)
    expect(await unread.statuses()).toEqual({ observer: 'alive', unread: 'alive' })
    expect(events).toEqual([])
    stop()

    child.stderr!.resume()
    await eventually('it says what it left out', 20_000, async () => {
      await sendStrange(unread, 0)
      const seen = /lines were left out, as nobody read them lines=\d+\n/.exec(unread.stderr())?.[0]
      return { ok: seen !== undefined, seen }
    })
  },
)
