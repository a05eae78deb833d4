import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Field, remembers, type Slot, snapshotOf } from './field.ts'
import type { Life } from './life.ts'
import { run } from './network.ts'
import type { Act, Kind } from './schedule.ts'

/**
 * Does what is to go wrong, waits as long as it is to last, and undoes it. What cannot be done, as a process does not run, is not. Returns whether
 * anything was done to anybody.
 */
export async function perform(field: Field, kind: Kind, act: Act): Promise<boolean> {
  await sleep(act.after)
  const slots =
    act.do === 'loss' && act.nodes === 'all' ? field.slots : slotsOf(field, act.nodes as readonly number[])
  const touched = act.do === 'partition' && act.nodes.length > 4 ? field.slots : slots
  const over = field.touched.begin(act.do === 'switch' ? [] : touched.map(({ name }) => name))
  field.log(`${kind}: ${describe(act)}`)
  try {
    return await (kind === 'clock set back, then crash'
      ? crashWithAnotherClock(field, slots, act)
      : inflict(field, slots, act))
  } finally {
    over()
  }
}

async function inflict(field: Field, slots: readonly Slot[], act: Act): Promise<boolean> {
  const { network } = field
  const numbers = slots.map(({ index }) => index)
  const lives = slots.flatMap(({ name }) => field.current(name) ?? [])
  const during = async (...undo: readonly (() => void)[]): Promise<boolean> => {
    await sleep(act.for)
    for (const each of undo) each()
    return undo.length > 0
  }
  switch (act.do) {
    case 'pause':
      return during(...lives.map((life) => pause(field, life)))
    case 'crash':
      await Promise.all(lives.map((life) => field.kill(life)))
      await sleep(act.for)
      await startAll(field, slots, act.rejoin)
      return lives.length > 0
    case 'leave':
      await Promise.all(lives.map((life) => field.leave(life)))
      await sleep(act.for)
      await startAll(field, slots, false)
      return lives.length > 0
    case 'partition': {
      const others = field.slots.map(({ index }) => index).filter((index) => !numbers.includes(index))
      return during(network.cut(numbers, others, act.oneWay))
    }
    case 'loss':
      return during(network.lose(act.nodes === 'all' ? 'all' : numbers, { loss: act.percent, of: act.of }))
    case 'slow':
      return during(...numbers.map((index) => network.slow(index, act.kilobits)))
    case 'clock':
      return during(...slots.map((slot) => setClock(slot, act.by)))
    case 'diskFull':
      await during(...slots.map(fillDisk))
      await Promise.all(slots.map((slot) => savedAgain(field, slot)))
      return slots.length > 0
    case 'descriptors':
      return during(...lives.map(takeDescriptors))
    case 'switch': {
      // Refused where somebody could not follow, or has just left: then it is none.
      const switched = lives.map((life) => field.post(life, '/v1/switch', { detector: act.detector }))
      return (await Promise.all(switched)).includes(200)
    }
  }
}

/** Its next process begins below the incarnation that others hold of it, and ends its life in the past. */
async function crashWithAnotherClock(field: Field, slots: readonly Slot[], act: Act): Promise<boolean> {
  if (act.do !== 'clock') return false
  const lives = slots.flatMap(({ name }) => field.current(name) ?? [])
  const undo = slots.map((slot) => setClock(slot, act.by))
  await Promise.all(lives.map((life) => field.kill(life)))
  await startAll(field, slots, false)
  await sleep(act.for)
  for (const each of undo) each()
  return lives.length > 0
}

async function startAll(field: Field, slots: readonly Slot[], rejoin: boolean): Promise<void> {
  await Promise.all(slots.map((slot) => field.start(slot, rejoin && remembers(slot))))
}

function pause(field: Field, life: Life): () => void {
  field.paused.add(life.name)
  life.child.kill('SIGSTOP')
  return () => {
    life.child.kill('SIGCONT')
    field.paused.delete(life.name)
  }
}

function setClock({ clock }: Slot, by: number): () => void {
  const set = (seconds: number): void => writeFileSync(clock!, `${seconds < 0 ? '' : '+'}${seconds}\n`) // those are chosen that have one
  set(by)
  return () => set(0)
}

function fillDisk({ disk }: Slot): () => void {
  const path = join(disk!, 'filler') // those are chosen that have one
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4_096))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
  return () => rmSync(path)
}

/** Once there is room again what a node knows is saved: at the latest five seconds after the next change, and some more where the machine is busy. */
async function savedAgain(field: Field, slot: Slot): Promise<void> {
  const life = field.current(slot.name)
  if (life === undefined) return
  const began = Date.now()
  await field.post(life, '/v1/tags', { tags: { slot: String(slot.index), room: String(began) } })
  while (life.running && !(remembers(slot) && statSync(snapshotOf(slot)).mtimeMs >= began)) {
    if (Date.now() - began > 30_000) {
      field.breach(
        'snapshots-are-saved',
        `${slot.name} (${life.runtime}) saves nothing 30 s after its disk has room again`,
      )
      return
    }
    await sleep(250)
  }
}

/** From now on it can open nothing more: no connection in or out, no file. */
function takeDescriptors(life: Life): () => void {
  const limits = /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${life.pid}/limits`, 'utf8'))!
  const limit = (soft: number | string): void =>
    run('prlimit', ['--pid', String(life.pid), `--nofile=${soft}:${limits[2]}`])
  // The lowest that is free is what comes next: one more than the highest would leave the gaps below it.
  const taken = new Set(readdirSync(`/proc/${life.pid}/fd`).map(Number))
  let free = 0
  while (taken.has(free)) free++
  limit(free)
  return () => {
    if (life.running) limit(limits[1]!)
  }
}

function slotsOf(field: Field, nodes: readonly number[]): Slot[] {
  return nodes.map((node) => field.slots[node]!)
}

function describe(act: Act): string {
  const { after: _, do: what, for: lasts, ...rest } = act
  const details = Object.entries(rest).map(
    ([key, value]) => `${key} ${Array.isArray(value) ? value.map((node) => `n${node}`).join(' ') : value}`,
  )
  return `${what} ${details.join(', ')}, for ${(lasts / 1_000).toFixed(1)} s`
}
