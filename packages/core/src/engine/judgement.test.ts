import { describe, expect, test } from 'vitest'
import { alive, peer, Rig, type RigOptions, said, suspect } from './testing/rig.ts'

const members = ['b', 'c', 'd', 'e', 'f', 'g', 'h']
const rigOf = (options: RigOptions = {}): Rig =>
  new Rig({ members, settings: { probeTimeoutMin: 500, suspicionConfirmations: 0 }, ...options })

/** A look that nobody answers, reported as a detector does. */
function fail(rig: Rig, name: string): void {
  rig.look(name, { timeout: 600 })
  rig.run(600)
  report(rig, name)
}
const report = (rig: Rig, name: string): void => rig.accuse(name)
function reach(rig: Rig, name: string): void {
  rig.take()
  rig.look(name, { timeout: 600 })
  const { seq } = said(rig.takeTo(name), 'ping')[0]!
  rig.hear(name, { type: 'ack', seq, payload: undefined })
}
const statuses = (rig: Rig, names = members) => names.map((name) => rig.status(name))

describe('a node of whose looks most fail', () => {
  test('tells of the first two, and keeps the third to itself: it doubts itself', () => {
    const rig = rigOf()
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    expect(statuses(rig, ['b', 'c', 'd'])).toEqual(['suspect', 'suspect', 'alive'])
    expect([rig.engine.doubtful, rig.count('doubts'), rig.count('reportsHeld')]).toEqual([true, 1, 1])
    expect(rig.engine.explain(rig.ref('d')).at(-1)).toMatchObject({ path: 'judgement', outcome: 'held' })
  })

  test('loses some of its local health', () => {
    const [one, other] = [
      rigOf({ settings: { indirectProbes: 0 } }),
      rigOf({ settings: { indirectProbes: 0 } }),
    ]
    for (const name of ['b', 'c', 'd']) fail(one, name)
    for (const name of ['b', 'c']) fail(other, name)
    expect([one.engine.health, other.engine.health]).toEqual([3 + 1, 2])
  })

  test('says nothing of them if answers come again', () => {
    const rig = rigOf()
    for (const name of ['b', 'c', 'd', 'e']) fail(rig, name)
    for (const name of ['f', 'g', 'h', 'e']) reach(rig, name)
    expect(rig.engine.doubtful).toBe(false)
    rig.run(60_000)
    expect(rig.status('d')).toBe('alive')
  })

  test('says so all the same after two periods: the last of a group finds the others gone', () => {
    const rig = rigOf({ settings: { healthMax: 0 } })
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    rig.run(1_999)
    expect(rig.status('d')).toBe('alive')
    rig.run(1)
    expect(rig.status('d')).toBe('suspect')
    // From then on it tells at once.
    fail(rig, 'e')
    expect(rig.status('e')).toBe('suspect')
  })

  test('says nothing of one that has refuted since', () => {
    const rig = rigOf({ settings: { healthMax: 0 } })
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    rig.hear('c', alive(peer('d'), 6))
    rig.run(5_000)
    expect(rig.status('d')).toBe('alive')
  })

  test('doubts itself anew when it happens again', () => {
    const rig = rigOf({ settings: { healthMax: 0 } })
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    rig.run(2_000)
    for (const name of ['e', 'f', 'g', 'h']) reach(rig, name)
    expect(rig.engine.doubtful).toBe(false)
    for (const name of ['e', 'f', 'g']) fail(rig, name)
    expect([rig.count('doubts'), rig.status('g')]).toEqual([2, 'alive'])
  })

  test('hears what others say as before', () => {
    const rig = rigOf()
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    rig.hear('h', suspect('d', 5, 'h'))
    expect(rig.status('d')).toBe('suspect')
  })

  test('waits with its verdicts, no longer than a suspicion may last', () => {
    const rig = rigOf({ settings: { suspicionMult: 1, suspicionMaxMult: 6, healthMax: 0 } })
    rig.hear('g', suspect('h', 5, 'g'))
    const { start, deadline } = rig.engine.suspicion(rig.ref('h'))!
    // 1 s, as nobody has to confirm.
    expect(deadline - start).toBe(1_000)
    for (const name of ['b', 'c', 'd']) rig.look(name, { timeout: 600 })
    rig.run(600)
    for (const name of ['b', 'c', 'd']) report(rig, name)
    rig.run(1_000)
    expect([rig.status('h'), rig.count('verdictsHeld')]).toEqual(['suspect', 1])
    // The doubt has lasted its two periods.
    rig.run(1_500)
    expect(rig.status('h')).toBe('failed')
  })

  test('fails a member in its own table alone, where the others were told that it suspects it', () => {
    const rig = rigOf({ settings: { suspicionMult: 1, suspicionMaxMult: 1, healthMax: 0 } })
    for (const name of ['b', 'c', 'd', 'e']) fail(rig, name)
    // The first was over before this node began to doubt itself.
    rig.run(400)
    rig.take()
    rig.run(10_000)
    expect(statuses(rig, ['d', 'e'])).toEqual(['failed', 'failed'])
    const toOthers = rig
      .take()
      .flatMap(({ messages, to }) =>
        messages.filter((each) => each.type === 'failed' && to.port !== peer(each.name).address.port),
      )
      .map((each) => (each.type === 'failed' ? each.name : ''))
    expect(new Set(toOthers)).not.toContain('d')
    expect(new Set(toOthers)).not.toContain('e')
    // The members themselves are told all of it, and may refute.
    rig.hear('d', alive(peer('d'), 6))
    expect(rig.status('d')).toBe('alive')
  })

  test('that stood still forgets all that', () => {
    const rig = rigOf()
    for (const name of ['b', 'c', 'd']) fail(rig, name)
    rig.now += 5_000
    rig.engine.tick(rig.now)
    expect(rig.engine.doubtful).toBe(false)
    rig.run(60_000)
    expect(rig.status('d')).toBe('alive')
  })
})

describe('a node does not doubt itself', () => {
  test('for the same member that fails again and again', () => {
    const rig = rigOf()
    for (let i = 0; i < 5; i++) fail(rig, 'b')
    expect(rig.engine.doubtful).toBe(false)
  })

  test('where half of its looks succeed', () => {
    const rig = rigOf()
    for (const [bad, good] of [
      ['b', 'e'],
      ['c', 'f'],
      ['d', 'g'],
    ] as const) {
      reach(rig, good)
      fail(rig, bad)
    }
    expect(rig.engine.doubtful).toBe(false)
    expect(statuses(rig, ['b', 'c', 'd'])).toEqual(['suspect', 'suspect', 'suspect'])
  })

  test('in a group of three, where two may well be gone', () => {
    const rig = rigOf({ members: ['b', 'c'] })
    for (const name of ['b', 'c', 'b', 'c']) fail(rig, name)
    expect(rig.engine.doubtful).toBe(false)
  })

  test('by the looks of a witness, who looks at those that another found closed', () => {
    const rig = rigOf()
    for (const name of ['b', 'c', 'd']) {
      rig.look(name, { timeout: 300, urgent: true })
      rig.run(300)
    }
    expect(rig.engine.doubtful).toBe(false)
  })
})
