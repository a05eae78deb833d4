import { setTimeout as sleep } from 'node:timers/promises'
import type { Life } from '../faults/life.ts'
import type { Group } from './group.ts'
import type { JunkKind } from './junk.ts'
import { type Answers, ask, flood, halfOpen, readNothing, watchHealth } from './loads.ts'

/** How much is put on one node at a time. */
export interface Load {
  readonly datagramsPerSecond: number
  readonly seconds: number
  readonly streams: number
  readonly requests: number
}

/** The largest that the group was asked to bear. */
export const fullLoad: Load = { datagramsPerSecond: 50_000, seconds: 20, streams: 1_000, requests: 10_000 }

export interface Outcome {
  readonly victim: Life
  readonly kind: JunkKind
  readonly datagrams: number
  /** Datagrams that the node has read, of all that were sent. */
  readonly read: number
  readonly streamsOpened: number
  readonly answers: Answers
  readonly health: { readonly asked: number; readonly unanswered: number; readonly longest: number }
  /** Processor time it used, seconds. */
  readonly processorTime: number
}

/** All at once on one node: junk, streams that say nothing, requests, and followers that read nothing while there is news to read. */
export async function putLoadOn(group: Group, victim: Life, kind: JunkKind, load: Load): Promise<Outcome> {
  const { token } = group
  const before = await packetsRead(victim)
  const used = victim.processorTime()
  const followers = [1, 2, 3].map(() => readNothing(victim, token))
  const health = watchHealth(victim)
  let over = false
  const news = (async () => {
    for (let i = 0; !over; i++) {
      const teller = group.running.find((life) => life !== victim)
      await teller?.client
        .post('/v1/broadcast', { name: 'news', payload: 'x'.repeat(400) + i })
        .catch(() => undefined)
      await sleep(100)
    }
  })()
  try {
    const [datagrams, streamsOpened, answers] = await Promise.all([
      flood(victim, kind, group.key, load.datagramsPerSecond, load.seconds),
      halfOpen(victim, load.streams, load.seconds),
      ask(victim, token, load.requests, 32),
    ])
    over = true
    await news
    return {
      victim,
      kind,
      datagrams,
      read: (await packetsRead(victim)) - before,
      streamsOpened,
      answers,
      health: await health(),
      processorTime: victim.processorTime() - used,
    }
  } finally {
    over = true
    for (const end of followers) end()
    await Promise.all([news, health()])
  }
}

async function packetsRead({ client }: Life): Promise<number> {
  const { body } = await client.get<{ transport: Readonly<Record<string, number>> }>('/v1/stats', 30_000)
  return body.transport.packetsReceived ?? body.transport['packets.packetsReceived'] ?? Number.NaN
}

/**
 * What was wrong with an outcome; nothing, if all is well. A node may refuse requests that are too many (429), and nothing else. A load of which nothing arrived shows
 * nothing, and is wrong as well.
 */
export function faultsOf({ answers, datagrams, health, read, streamsOpened, victim }: Outcome): string[] {
  const faults: string[] = []
  const { name, runtime } = victim
  const arrived = {
    datagrams,
    'datagrams that it read': read,
    streams: streamsOpened,
    'requests that it served': answers.served,
  }
  for (const [what, times] of Object.entries(arrived)) {
    // What it has read is no number where it does not say.
    if (!(times > 0)) faults.push(`${name} (${runtime}) bore nothing: ${what}: ${times}`)
  }
  for (const [status, times] of answers.statuses) {
    if (status !== '200' && status !== '429')
      faults.push(`${name} (${runtime}): ${times} requests came to ${status}`)
  }
  if (health.asked === 0) faults.push(`${name} (${runtime}) was never asked for its health`)
  if (health.unanswered > 0) {
    faults.push(
      `${name} (${runtime}) left ${health.unanswered} of ${health.asked} looks at /healthz without an answer`,
    )
  }
  return faults
}

export interface Usage {
  readonly memory: number
  readonly descriptors: number
}

/** What memory a process may keep above what it had: what its runtime's allocators hold on to after a load that it has borne before. */
export const memoryTolerance = 64 * 2 ** 20
/** Connections that happen to be open when it is looked at. */
export const descriptorTolerance = 16

/** Waits until a process is back to where it was, within the tolerances; says what is above them where it does not come to that. */
export async function settlesTo(life: Life, before: Usage, patience: number): Promise<string | undefined> {
  const began = performance.now()
  for (;;) {
    const { descriptors, memory } = life.usage()
    const memoryIsBack = memory <= before.memory + memoryTolerance
    if (memoryIsBack && descriptors <= before.descriptors + descriptorTolerance) return undefined
    if (performance.now() - began > patience) {
      return memoryIsBack
        ? `${life.name} (${life.runtime}) has ${descriptors} descriptors open, and had ${before.descriptors}`
        : `${life.name} (${life.runtime}) holds ${mebibytes(memory)} MiB, and held ${mebibytes(before.memory)}`
    }
    await sleep(500)
  }
}

export const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)
