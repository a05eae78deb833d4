import { describe, expect, test } from 'vitest'
import type { Member, MemberEvent, MemberEventType } from './api.ts'
import { Damper } from './damper.ts'

/** Events of a member: a type, with the status that it leaves it in. */
const statusAfter: Partial<Record<MemberEventType, Member['status']>> = {
  suspect: 'suspect',
  failed: 'failed',
  leave: 'left',
  reap: 'failed',
}

function run(...turns: readonly (MemberEventType | `${string} ${MemberEventType}`)[]): string[] {
  const damper = new Damper()
  const statuses = new Map<string, Member['status']>()
  return turns.flatMap((turn, i) => {
    const [first, second] = turn.split(' ')
    const [name, type] = (second === undefined ? ['b', first] : [first, second]) as [string, MemberEventType]
    const kept = statuses.get(name) ?? 'alive'
    const status = statusAfter[type] ?? (type === 'alive' || type === 'join' ? 'alive' : kept)
    statuses.set(name, status)
    const event: MemberEvent = {
      id: i,
      type,
      member: { name, status } as Member,
      at: new Date(i),
    }
    const told = damper.filter(event)
    return told === undefined ? [] : [`${told.id} ${told.member.name} ${told.type}`]
  })
}

describe('a damped consumer', () => {
  test('is told of all that happens to members that do not flap', () => {
    expect(run('suspect', 'alive', 'failed', 'join', 'leave').length).toBe(5)
  })

  test('is told of none of the turns of one that flaps, and that it is calm', () => {
    expect(run('flapping', 'suspect', 'alive', 'failed', 'join', 'calm')).toEqual([
      '0 b flapping',
      '5 b calm',
    ])
  })

  test('is told of the last turn when it is calm, if that left it in another status', () => {
    expect(run('flapping', 'suspect', 'alive', 'suspect', 'failed', 'calm', 'join')).toEqual([
      '0 b flapping',
      '5 b failed',
      '6 b join',
    ])
  })

  test('is told of everything else that happens to it meanwhile', () => {
    expect(run('flapping', 'update', 'suspect', 'degraded', 'leave', 'join')).toEqual([
      '0 b flapping',
      '1 b update',
      '3 b degraded',
      '4 b leave',
      '5 b join',
    ])
  })

  test('is told of others', () => {
    expect(run('flapping', 'c suspect', 'suspect', 'c failed')).toEqual([
      '0 b flapping',
      '1 c suspect',
      '3 c failed',
    ])
  })
})
