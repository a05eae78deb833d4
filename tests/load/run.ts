/** `npm run load [-- --short]`: how a group bears junk, half-open streams, slow readers and many requests, all at once on each runtime in turn. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../command.ts'
import type { Life } from '../faults/life.ts'
import { Group } from './group.ts'
import { type JunkKind, junkKinds } from './junk.ts'
import { faultsOf, fullLoad, type Load, mebibytes, putLoadOn, settlesTo } from './load.ts'

/** Streams that say nothing are cut off after 10 s, and connections to the control API soon after their last request. */
const settling = 60_000

const usage = `npm run load -- [options]
  --short  a minute of it: each runtime bears another kind of junk, and nothing is sealed`

const faults: string[] = []

await runCommand('load', usage, { short: { type: 'boolean', default: false } }, async ({ short }) => {
  // With this process all nodes end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  /** Each runtime bears each kind of junk; in short, each another one. */
  const load: Load = short ? { ...fullLoad, seconds: 5, requests: 2_000 } : fullLoad
  const warmUp: Load = { ...load, seconds: short ? 2 : 10, requests: short ? 500 : 5_000 }
  const folder = mkdtempSync(join(tmpdir(), 'swimkit-load-'))
  await bear(new Group(join(folder, 'plain')), warmUp, load, (i) => (short ? [junkKinds[i]!] : junkKinds))
  // Sealed, what is forged is the junk that costs most.
  if (!short) {
    const key = randomBytes(16).toString('base64')
    await bear(new Group(join(folder, 'sealed'), key), warmUp, load, () => ['forged'])
  }
  for (const fault of faults) console.log(`WRONG: ${fault}`)
  console.log(faults.length === 0 ? 'all is as it was' : `${faults.length} faults; logs are in ${folder}`)
  if (faults.length === 0) rmSync(folder, { recursive: true })
  return faults.length === 0 ? 0 : 1
})

/** Puts the load on one node of each runtime in turn, with each of these kinds of junk, and notes what was wrong. */
async function bear(
  group: Group,
  warmUp: Load,
  load: Load,
  kindsOf: (victim: number) => readonly JunkKind[],
): Promise<void> {
  try {
    await group.form(6)
    for (const [i, victim] of group.lives.slice(0, 3).entries()) {
      await bearAt(group, victim, warmUp, load, kindsOf(i))
    }
    await group.agreement(60_000)
    for (const { at, by, event } of group.mistakes()) {
      faults.push(
        `${by.name} (${by.runtime}) held ${event.member.name} failed after ${(at / 1_000).toFixed(1)} s, and it lives`,
      )
    }
  } catch (error) {
    faults.push(String(error))
  } finally {
    await group.close()
  }
  faults.push(...group.faults)
  const doubts = group.told.filter(({ event }) => event.type === 'suspect').length
  console.log(`${doubts} suspicions, ${group.mistakes().length} verdicts on members that live`)
}

async function bearAt(
  group: Group,
  victim: Life,
  warmUp: Load,
  load: Load,
  kinds: readonly JunkKind[],
): Promise<void> {
  const { descriptors } = victim.usage()
  // What memory a runtime takes for its first load it keeps: it counts from the second one on.
  await putLoadOn(group, victim, kinds[0]!, warmUp)
  await settlesTo(victim, { memory: Number.POSITIVE_INFINITY, descriptors }, settling)
  const before = { memory: victim.usage().memory, descriptors }
  for (const kind of kinds) {
    const outcome = await putLoadOn(group, victim, kind, load)
    const peak = victim.usage()
    faults.push(...faultsOf(outcome))
    const left = await settlesTo(victim, before, settling)
    if (left !== undefined) faults.push(`after the load ${left}`)
    const after = victim.usage()
    const { answers, datagrams, health, processorTime, read, streamsOpened } = outcome
    console.log(
      `${victim.runtime}, ${kind}: ${datagrams} datagrams of which ${((100 * read) / datagrams).toFixed(0)} % were read, ${streamsOpened} streams, ` +
        `requests ${[...answers.statuses].map(([status, times]) => `${times} × ${status}`).join(', ')}, ` +
        `/healthz ${health.asked - health.unanswered} of ${health.asked} within ${Math.round(health.longest)} ms, ` +
        `${processorTime.toFixed(1)} s of processor; memory ${mebibytes(before.memory)} → ${mebibytes(peak.memory)} → ${mebibytes(after.memory)} MiB, ` +
        `descriptors ${before.descriptors} → ${peak.descriptors} → ${after.descriptors}`,
    )
  }
}
