import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { allRuntimes, exit, launch } from './swim-process.ts'

const script = fileURLToPath(new URL('stalled-node.mjs', import.meta.url))

/**
 * The prober stands still from just after each ping until after its timeout, and the ack arrives in between. A timer fires
 * before the socket is read: a node that judged by it would turn to a stream at every stall.
 */
test.each(allRuntimes)(
  'on %s an ack that arrived during a stall counts before the timeout that is due',
  async (runtime) => {
    const answerer = launch(['answerer'], 'node', script)
    const [address] = await once(answerer.stdout!, 'data')
    const prober = launch(['prober', String(address).trim()], runtime, script)
    let stdout = ''
    let stderr = ''
    prober.stdout!.on('data', (chunk) => {
      stdout += chunk
    })
    prober.stderr!.on('data', (chunk) => {
      stderr += chunk
    })
    expect([await exit(prober), stderr]).toEqual([0, ''])
    const { latePolls, stalls, status, streams, suspected } = JSON.parse(stdout)
    expect([stalls, status, suspected]).toEqual([8, 'alive', 0])
    expect(latePolls).toBeGreaterThanOrEqual(4)
    expect(streams).toBe(0)
  },
)
