import {
  createRandom,
  Directory,
  type Member,
  PiggybackQueue,
  type Ref,
  roundRobin,
  Status,
  statusBit,
  unknownPaths,
} from '@swimkit/core'
import { Digest } from '../../packages/core/src/model/digest.ts'
import { MemberTable } from '../../packages/core/src/model/member-table.ts'
import { ServiceIndex } from '../../packages/core/src/node/services/service-index.ts'
import { createSampler } from '../../packages/core/src/selection/sampler.ts'
import { type Case, type MeasureOptions, measureCases } from './measure.mts'
import { alives } from './messages.mts'

export interface PartFigure {
  readonly what: string
  readonly members: number
  readonly ns: number
}

/** Sizes whose figures ought to be about equal: nothing here may grow with the group. */
const sizes = [200, 10_000]

export async function measureParts(
  options: MeasureOptions,
  say: (line: string) => void,
): Promise<PartFigure[]> {
  const figures: PartFigure[] = []
  for (const members of sizes) {
    say(`parts: ${members} members`)
    const times = await measureCases(casesFor(members), options)
    for (const [what, ns] of times) figures.push({ what, members, ns })
  }
  return figures
}

function casesFor(members: number): Case[] {
  const { names, refs, table } = tableOf(members)
  return [
    ...tableCases(table, refs, names),
    ...digestCases(table, refs),
    ...queueCases(refs),
    ...drawCases(table, refs),
    ...serviceCases(names),
  ]
}

function tableCases(table: MemberTable, refs: readonly Ref[], names: readonly string[]): Case[] {
  const { length } = refs
  // In no order that a cache could guess.
  const at = (i: number): number => (i * 7_919) % length
  // Many: V8's Map keeps what was deleted in its chains until it grows, and one name over and over would make one long chain.
  const newcomers = Array.from({ length: 4_096 }, (_, i) => ({ ...alives[0]!.record, name: `newcomer-${i}` }))
  let next = 0
  let incarnation = 2
  return [
    { name: 'table: find a member by name', batch: 512, run: (i) => table.find(names[at(i)]!) },
    { name: 'table: look for a name that is not there', batch: 512, run: () => table.find('nobody') },
    {
      name: 'table: alive to suspect and back, digest included',
      batch: 256,
      run: (i) => {
        const ref = refs[at(i)]!
        incarnation++
        table.set(ref, Status.Suspect, incarnation, incarnation)
        return table.set(ref, Status.Alive, incarnation, incarnation)
      },
    },
    {
      name: 'table: add a member and remove it',
      batch: 256,
      run: () => {
        next = (next + 1) % newcomers.length
        const change = table.add(newcomers[next]!, 1, 1)!
        table.remove(change.ref)
        return change
      },
    },
  ]
}

function digestCases(table: MemberTable, refs: readonly Ref[]): Case[] {
  const digest = new Digest()
  const records = refs.map((ref) => table.record(ref))
  return [
    {
      name: 'digest: toggle one member',
      batch: 512,
      run: (i) => {
        const at = i % records.length
        digest.toggle(at * 0x9e37_79b9, at, records[at]!, 1, Status.Alive, 1, false)
      },
    },
  ]
}

function queueCases(refs: readonly Ref[]): Case[] {
  const bytes = new Uint8Array(90)
  const full = new PiggybackQueue()
  const busy = new PiggybackQueue()
  const calm = new PiggybackQueue()
  for (const ref of refs) {
    full.push({ ref, subject: 'status', bytes })
    busy.push({ ref, subject: 'status', bytes })
  }
  const out: Uint8Array[] = []
  // What a ping leaves of a packet of 1,400 bytes; and how often each update is sent in a group of 100 to 999.
  const fill = (queue: PiggybackQueue, to: Ref): number => {
    out.length = 0
    return queue.fill(to, 1_300, 0, 12, out)
  }
  let turn = 0
  const inTurn = (): Ref => refs[turn++ % refs.length]!
  return [
    {
      name: 'disseminator: push an update that replaces one',
      batch: 256,
      run: () => full.push({ ref: inTurn(), subject: 'status', bytes }),
    },
    {
      // Each is let go after it was sent twelve times, so that ten are pushed anew for every twelve packets.
      name: 'disseminator: fill a packet from ten updates',
      batch: 120,
      run(i) {
        if (calm.backlog === 0)
          for (let k = 0; k < 10; k++) calm.push({ ref: refs[k]!, subject: 'status', bytes })
        return fill(calm, refs[i % refs.length]!)
      },
    },
    {
      // More comes in than fits, so that about every member has one waiting.
      name: 'disseminator: push two updates and fill a packet, all members waiting',
      batch: 128,
      run() {
        busy.push({ ref: inTurn(), subject: 'status', bytes })
        busy.push({ ref: inTurn(), subject: 'status', bytes })
        return fill(busy, refs[0]!)
      },
    },
  ]
}

function drawCases(table: MemberTable, refs: readonly Ref[]): Case[] {
  const random = createRandom([1])
  const sampler = createSampler(table, random.fork('sampler'))
  const scheduler = roundRobin(table, random.fork('schedule'), unknownPaths)
  for (const ref of refs) scheduler.added(ref)
  const out: Ref[] = []
  return [
    {
      name: 'sampling: 3 random members',
      batch: 256,
      run: (i) => {
        out.length = 0
        sampler.sample(3, statusBit(Status.Alive), out, refs[i % refs.length])
        return out
      },
    },
    { name: 'sampling: whom to probe next', batch: 512, run: () => scheduler.next() },
  ]
}

/** Ten of all members offer a service: what there is to choose from stays the same while the group grows. */
function serviceCases(names: readonly string[]): Case[] {
  const index = new ServiceIndex(() => 0)
  const member = (i: number): Member => ({
    name: names[i]!,
    address: `10.0.${i >> 8}.${i & 255}:7946`,
    status: 'alive',
    leaving: false,
    incarnation: 1,
    boot: '0000000000000001',
    since: new Date(0),
    tags: {},
    services: i < 10 ? [{ name: 'cache', port: 6_379 }] : [{ name: `own-${i}` }],
    payload: new Uint8Array(),
    streams: true,
    capabilities: [],
  })
  for (let i = 0; i < names.length; i++) index.put(member(i))
  const keys = Array.from({ length: 4_096 }, (_, i) => `user:${i}`)
  const changing = member(3)
  return [
    { name: 'services: list the ten of one', batch: 512, run: () => index.list('cache', false) },
    {
      name: 'services: pick one of ten in turn',
      batch: 512,
      run: () => index.pick('cache', undefined, false),
    },
    {
      name: 'services: pick one of ten by key',
      batch: 256,
      run: (i) => index.pick('cache', keys[i % keys.length], false),
    },
    { name: 'services: one of ten has changed', batch: 128, run: () => index.put(changing) },
  ]
}

function tableOf(members: number): { table: MemberTable; refs: Ref[]; names: string[] } {
  const table = new MemberTable(new Directory())
  const { record } = alives[0]!
  table.add({ ...record, name: 'self' }, 1, 0)
  const names = Array.from({ length: members - 1 }, (_, i) => `node-${String(i).padStart(5, '0')}.eu-west`)
  const refs = names.map((name, i) => table.add({ ...record, name, boot: BigInt(i + 1) }, 1, 0)!.ref)
  return { table, refs, names }
}
