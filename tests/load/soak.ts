/** `npm run soak -- --minutes 60`: a small group that lives, with some who come and go, and whether memory and descriptors stay level. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { readNumber, runCommand } from '../command.ts'
import type { Life } from '../faults/life.ts'
import { gainOfPeaks, mostGain } from './gain.ts'
import { addressOf, Group } from './group.ts'
import { descriptorTolerance, mebibytes } from './load.ts'

interface Sample {
  /** Minutes. */
  readonly at: number
  readonly memory: number
  readonly descriptors: number
}

const usage = `npm run soak -- [options]
  --minutes 60  how long; at least 4`

await runCommand('soak', usage, { minutes: { type: 'string', default: '60' } }, (values) =>
  soak(readNumber('--minutes', values.minutes, 4, 10_000)),
)

async function soak(minutes: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'swimkit-soak-'))
  const group = new Group(folder)
  const samples = new Map<Life, Sample[]>()
  const faults: string[] = []
  let stopped = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second time nothing is waited for. With this process all nodes end.
      if (stopped) process.exit(1)
      stopped = true
    })
  }
  try {
    await group.form(6)
    const residents = [...group.lives]
    const began = group.now()
    const end = began + 60_000 * minutes
    const going = (): boolean =>
      !stopped && group.now() < end && group.faults.length === 0 && faults.length === 0
    const note = (error: unknown): void => void faults.push(String(error))
    const used = new Map(residents.map((life) => [life, life.processorTime()]))
    const churn = comeAndGo(group, going, await addressOf(residents[0]!)).catch(note)
    const chatter = talk(going, residents).catch(note)
    for (let minute = 1; going(); minute++) {
      while (going() && group.now() < began + 60_000 * minute) await sleep(500)
      const columns = residents
        .filter(({ running }) => running)
        .map((life) => {
          const { descriptors, memory } = life.usage()
          const mine = samples.get(life) ?? []
          samples.set(life, mine)
          mine.push({ at: (group.now() - began) / 60_000, memory, descriptors })
          const share = (life.processorTime() - used.get(life)!) / 0.6
          used.set(life, life.processorTime())
          return `${life.name} ${life.runtime} ${mebibytes(memory)} MiB ${descriptors} fds ${share.toFixed(1)} %`
        })
      console.log(`${String(minute).padStart(4)} min  ${columns.join('  ')}`)
    }
    await Promise.all([churn, chatter])
    await group.agreement(60_000)
    for (const [life, all] of samples) {
      const hours = all.map(({ at, memory }) => [at / 60, memory] as const)
      const gain = gainOfPeaks(hours)
      const [first, last] = [all[0]!.descriptors, all.at(-1)!.descriptors]
      const peak = Math.max(...all.map(({ memory }) => memory))
      console.log(
        `${life.name} (${life.runtime}): ${mebibytes(peak)} MiB at most, ${(gain / 2 ** 20).toFixed(1)} MiB more an hour; descriptors ${first} → ${last}`,
      )
      if (gain > mostGain(minutes)) {
        faults.push(`${life.name} (${life.runtime}) gains ${mebibytes(gain)} MiB an hour`)
      }
      if (last > first + descriptorTolerance) {
        faults.push(`${life.name} (${life.runtime}) has ${last} descriptors, and had ${first}`)
      }
    }
    for (const { by, event } of group.mistakes())
      faults.push(`${by.name} held ${event.member.name} failed, and it lives`)
  } catch (error) {
    faults.push(String(error))
  } finally {
    await group.close()
  }
  faults.push(...group.faults)
  for (const fault of faults) console.log(`WRONG: ${fault}`)
  console.log(faults.length === 0 ? 'level' : `${faults.length} faults; logs are in ${folder}`)
  if (faults.length === 0) rmSync(folder, { recursive: true })
  return faults.length === 0 && !stopped ? 0 : 1
}

/** Somebody joins, stays for a while, and leaves. */
async function comeAndGo(group: Group, going: () => boolean, seed: string): Promise<void> {
  while (going()) {
    const guest = await group.add(seed)
    for (let second = 0; second < 8 && going(); second++) await sleep(1_000)
    await group.leave(guest)
    await sleep(4_000)
  }
}

/** Each says something in turn, changes what it says of itself, and is asked for what it knows. */
async function talk(going: () => boolean, residents: readonly Life[]): Promise<void> {
  for (let i = 0; going(); i++) {
    const { client } = residents[i % residents.length]!
    await client.post('/v1/broadcast', { name: 'soak', payload: `turn ${i}` })
    if (i % 10 === 0) await client.post('/v1/tags', { tags: { turn: String(i) } })
    await Promise.all([client.get('/v1/members'), client.get('/v1/stats')])
    await sleep(500)
  }
}
