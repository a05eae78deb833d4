import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf } from './digest.ts'
import { Directory } from './directory.ts'
import { MemberTable } from './member-table.ts'
import type { PeerRecord } from './peer.ts'
import { type Ref, slotOf } from './ref.ts'
import { Status } from './status.ts'
import { aRecord } from './testing/a-record.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const record = (name: string, version = 0): PeerRecord =>
  aRecord(name, {
    boot: BigInt(version) << 33n,
    startedAt: version,
    address: { host: '10.0.0.1', port: 1_000 + version },
  })

/** A member, said plainly. */
interface Plain {
  status: Status
  incarnation: number
  recordIncarnation: number
  version: number
  since: number
}

type Command =
  | { readonly type: 'set'; readonly name: string; readonly status: Status; readonly incarnation: number }
  | { readonly type: 'record'; readonly name: string; readonly version: number; readonly incarnation: number }
  | {
      readonly type: 'both'
      readonly name: string
      readonly version: number
      readonly status: Status
      readonly incarnation: number
    }
  | { readonly type: 'remove'; readonly name: string }

const name = fc.constantFrom(...'abcdefghijkl')
const status = fc.constantFrom<Status>(0, 1, 2, 3)
const incarnation = fc.nat(5)
const version = fc.nat(3)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('set' as const), name, status, incarnation }),
  fc.record({ type: fc.constant('record' as const), name, version, incarnation }),
  fc.record({ type: fc.constant('both' as const), name, version, status, incarnation }),
  fc.record({ type: fc.constant('remove' as const), name }),
)
const commands = fc.array(command, { maxLength: 80 })

/** Does to a table and to a plain map the same; a name that is not there is added instead. */
function run(table: MemberTable, model: Map<string, Plain>, steps: readonly Command[], start = 0): void {
  let now = start
  for (const step of steps) {
    now++
    const ref = table.find(step.name)
    const held = model.get(step.name)
    expect(ref !== undefined).toBe(held !== undefined)
    if (ref === undefined || held === undefined) {
      if (step.type === 'remove') continue
      const { incarnation } = step
      const fresh = step.type === 'set' ? 0 : step.version
      const change = table.add(record(step.name, fresh), incarnation, now)!
      expect(change).toEqual({
        ref: table.find(step.name),
        before: undefined,
        after: Status.Alive,
        recordBefore: undefined,
      })
      model.set(step.name, {
        status: Status.Alive,
        incarnation,
        recordIncarnation: incarnation,
        version: fresh,
        since: now,
      })
      continue
    }
    const before = held.status
    const recordBefore = record(step.name, held.version)
    if (step.type === 'remove') {
      table.remove(ref)
      model.delete(step.name)
      expect(table.has(ref)).toBe(false)
    } else if (step.type === 'record') {
      const { incarnation, version } = step
      const change = table.setRecord(ref, record(step.name, version), incarnation)
      expect(change).toEqual({ ref, before, after: before, recordBefore })
      Object.assign(held, { version, recordIncarnation: incarnation })
    } else {
      const { incarnation, status } = step
      const next = step.type === 'both' ? record(step.name, step.version) : undefined
      const change = table.set(ref, status, incarnation, now, next)
      expect(change).toEqual({ ref, before, after: status, recordBefore: next && recordBefore })
      if (status !== before || (status !== Status.Alive && incarnation !== held.incarnation)) held.since = now
      Object.assign(held, { status, incarnation })
      if (step.type === 'both') Object.assign(held, { version: step.version, recordIncarnation: incarnation })
    }
  }
}

function expectSame(table: MemberTable, model: ReadonlyMap<string, Plain>): void {
  const plain = [...model.entries()]
  expect(table.size).toBe(plain.length)
  for (const each of [0, 1, 2, 3] as const) {
    expect(table.count(each)).toBe(plain.filter(([, { status }]) => status === each).length)
  }
  const active = Array.from({ length: table.active }, (_, i) => table.activeAt(i))
  const terminal = Array.from({ length: table.size - table.active }, (_, i) => table.terminalAt(i))
  const names = (refs: readonly Ref[]) => refs.map((ref) => table.name(ref)).sort()
  const where = (isActive: boolean) =>
    plain.filter(([, { status }]) => status < Status.Failed === isActive).map(([held]) => held)
  expect(names(active)).toEqual(where(true).sort())
  expect(names(terminal)).toEqual(where(false).sort())
  for (const [held, { version, ...fields }] of plain) {
    const ref = table.find(held)!
    expect(table.has(ref)).toBe(true)
    expect({
      status: table.status(ref),
      incarnation: table.incarnation(ref),
      recordIncarnation: table.recordIncarnation(ref),
      since: table.since(ref),
    }).toEqual(fields)
    expect(table.record(ref)).toEqual(record(held, version))
  }
}

const whole = ({ digest }: MemberTable) => [[...digest.buckets], digest.terminalA, digest.terminalB]

describe('the member table', () => {
  test('holds what a plain map would, with its counters and lists, after any commands', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const table = new MemberTable(new Directory())
        const model = new Map<string, Plain>()
        run(table, model, steps)
        expectSame(table, model)
      }),
      { numRuns: 300 },
    )
  })

  test('its first member is the node itself', () => {
    const table = new MemberTable(new Directory())
    table.add(record('me'), 1, 0)
    table.add(record('other'), 1, 0)
    expect(table.name(table.self)).toBe('me')
  })

  test('keeps the instant of a status while the status stays, unless another has known of it for longer', () => {
    const table = new MemberTable(new Directory())
    const { ref } = table.add(record('a'), 1, 10)!
    table.set(ref, Status.Failed, 1, 20)
    table.set(ref, Status.Failed, 2, 30)
    // At another incarnation it has failed anew.
    expect(table.since(ref)).toBe(30)
    table.set(ref, Status.Failed, 2, 40)
    expect(table.since(ref)).toBe(30)
    table.backdate(ref, 5)
    expect(table.since(ref)).toBe(5)
  })

  test('does not know a handle from before its slot was used again', () => {
    const table = new MemberTable(new Directory())
    table.add(record('me'), 1, 0)
    const old = table.add(record('a'), 1, 0)!.ref
    table.remove(old)
    const next = table.add(record('b'), 1, 0)!.ref
    expect(slotOf(next)).toBe(slotOf(old))
    expect([table.has(old), table.has(next), table.find('a')]).toEqual([false, true, undefined])
  })

  test('knows no handle of a slot that it never used', () => {
    const table = new MemberTable(new Directory())
    expect(table.has(12_345 as Ref)).toBe(false)
  })
})

describe('tables that share a directory', () => {
  test('do not see one another’s members', () => {
    fc.assert(
      fc.property(commands, commands, (first, second) => {
        const directory = new Directory()
        const [a, b] = [new MemberTable(directory), new MemberTable(directory)]
        const [modelA, modelB] = [new Map<string, Plain>(), new Map<string, Plain>()]
        run(a, modelA, first)
        run(b, modelB, second, 1_000)
        run(a, modelA, second, 2_000)
        expectSame(a, modelA)
        expectSame(b, modelB)
        expect(directory.size).toBe(new Set([...modelA.keys(), ...modelB.keys()]).size)
      }),
    )
  })

  test('free a name and its record only when both have let go', () => {
    const directory = new Directory()
    const [a, b] = [new MemberTable(directory), new MemberTable(directory)]
    const one = record('x', 1)
    const { ref } = a.add(one, 1, 0)!
    expect(b.add(record('x', 1), 1, 0)!.ref).toBe(ref)
    expect(b.record(ref)).toBe(one)
    a.clear()
    expect([a.has(ref), b.has(ref), directory.size, b.record(ref)]).toEqual([false, true, 1, one])
    b.clear()
    expect([b.has(ref), directory.size, directory.valid(ref)]).toEqual([false, 0, false])
  })

  test('may hold different records of one name', () => {
    const directory = new Directory()
    const [a, b] = [new MemberTable(directory), new MemberTable(directory)]
    const { ref } = a.add(record('x', 1), 1, 0)!
    b.add(record('x', 2), 2, 0)
    a.setRecord(ref, record('x', 3), 3)
    expect([a.record(ref).startedAt, b.record(ref).startedAt]).toEqual([3, 2])
    a.clear()
    expect(b.record(ref).startedAt).toBe(2)
  })
})

describe('the digest', () => {
  test('is the same for the same members, in whatever order and by whatever way they came to be so', () => {
    fc.assert(
      fc.property(commands, fc.infiniteStream(fc.nat()), (steps, order) => {
        const table = new MemberTable(new Directory())
        const model = new Map<string, Plain>()
        run(table, model, steps)
        const again = new MemberTable(new Directory())
        const shuffled = [...model.entries()]
          .map((entry) => ({ entry, at: order.next().value as number }))
          .sort((x, y) => x.at - y.at)
        for (const { entry } of shuffled) {
          const [held, { incarnation, recordIncarnation, status, version }] = entry
          const { ref } = again.add(record(held, version), recordIncarnation, 0)!
          again.set(ref, status, incarnation, 99)
        }
        expect(whole(again)).toEqual(whole(table))
        expect(again.digest.toString()).toBe(table.digest.toString())
      }),
    )
  })

  test('is zero without members: every step back undoes its step', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const table = new MemberTable(new Directory())
        run(table, new Map(), steps)
        table.clear()
        expect(whole(table)).toEqual([new Array(128).fill(0), 0, 0])
        expect([table.size, table.active, table.directory.size]).toEqual([0, 0, 0])
        expect([0, 1, 2, 3].map((each) => table.count(each as Status))).toEqual([0, 0, 0, 0])
      }),
    )
  })

  test.each<[string, (table: MemberTable, ref: Ref) => void]>([
    ['a suspicion', (table, ref) => table.set(ref, Status.Suspect, 1, 0)],
    ['a higher incarnation', (table, ref) => table.set(ref, Status.Alive, 2, 0)],
    ['newer data', (table, ref) => table.setRecord(ref, record('a'), 2)],
    ['another boot', (table, ref) => table.setRecord(ref, { ...record('a'), boot: 1n }, 1)],
    [
      'a boot that differs in its upper half',
      (table, ref) => table.setRecord(ref, { ...record('a'), boot: 1n << 63n }, 1),
    ],
    ['a failure', (table, ref) => table.set(ref, Status.Failed, 1, 0)],
    ['a removal', (table, ref) => table.remove(ref)],
  ])('%s changes it', (_, change) => {
    const table = new MemberTable(new Directory())
    table.add(record('me'), 1, 0)
    const { ref } = table.add(record('a'), 1, 0)!
    const before = table.digest.toString()
    change(table, ref)
    expect(table.digest.toString()).not.toBe(before)
  })

  test('tells failed from left, and one failed member from another, apart from the active ones', () => {
    const digests = (['failed a', 'left a', 'failed b'] as const).map((what) => {
      const table = new MemberTable(new Directory())
      table.add(record('me'), 1, 0)
      const { ref } = table.add(record(what.slice(-1)), 1, 0)!
      table.set(ref, what.startsWith('failed') ? Status.Failed : Status.Left, 1, 0)
      return [table.digest.terminalA, table.digest.terminalB, table.digest.toString()]
    })
    expect(new Set(digests.map(([a]) => a)).size).toBe(3)
    expect(new Set(digests.map(([, b]) => b)).size).toBe(3)
    expect(new Set(digests.map(([, , active]) => active)).size).toBe(1)
  })

  test('does not depend on where in a directory the names are, nor on times', () => {
    const busy = new Directory()
    for (const used of ['p', 'q', 'r']) busy.retain(used)
    const tables = [new Directory(), busy].map((directory, i) => {
      const table = new MemberTable(directory)
      for (const each of ['a', 'b', 'c']) table.add(record(each), 1, i * 1_000)
      return table
    })
    expect(whole(tables[0]!)).toEqual(whole(tables[1]!))
  })

  test('is written as 16 hexadecimal digits, the exclusive or of all buckets', () => {
    const table = new MemberTable(new Directory())
    expect(table.digest.toString()).toBe('0000000000000000')
    table.add(record('me'), 1, 0)
    expect(table.digest.toString()).toMatch(/^[0-9a-f]{16}$/)
    const at = 2 * bucketOf(table.directory.hashA(slotOf(table.self)))
    const words = [table.digest.buckets[at]!, table.digest.buckets[at + 1]!]
    expect(table.digest.toString()).toBe(words.map((word) => word.toString(16).padStart(8, '0')).join(''))
  })

  test('spreads 10,000 names over its buckets, none with a third more than its share', () => {
    const table = new MemberTable(new Directory())
    const counts = new Array<number>(64).fill(0)
    for (let i = 0; i < 10_000; i++) {
      const { ref } = table.add(record(`node-${i}`), 1, 0)!
      counts[bucketOf(table.directory.hashA(slotOf(ref)))]!++
    }
    expect(Math.max(...counts)).toBeLessThan((10_000 / 64) * (4 / 3))
    expect(Math.min(...counts)).toBeGreaterThan((10_000 / 64) * (2 / 3))
  })

  test('10,000 members give 10,000 different contributions: no two can cancel each other out', () => {
    const table = new MemberTable(new Directory())
    const seen = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      const { ref } = table.add(record(`node-${i}`), 1_767_225_600, 0)!
      seen.add(table.digest.toString())
      table.remove(ref)
    }
    expect(seen.size).toBe(10_000)
  })
})
