import { describe, expect, test } from 'vitest'
import type { Ref } from '../model/ref.ts'
import { ActiveSet, Places } from './active-set.ts'

const [a, b, c] = [0, 1, 2] as Ref[] as [Ref, Ref, Ref]

describe('lists that share their places', () => {
  test('each know their own members', () => {
    const places = new Places()
    const [one, other] = [new ActiveSet(places), new ActiveSet(places)]
    one.push(a)
    one.push(b)
    other.push(c)
    expect([a, b, c].map((ref) => one.placeOf(ref))).toEqual([0, 1, -1])
    expect([a, b, c].map((ref) => other.placeOf(ref))).toEqual([-1, -1, 0])
  })

  test('do not take one that has moved to the same place of another for their own', () => {
    const places = new Places()
    const [one, other] = [new ActiveSet(places), new ActiveSet(places)]
    one.push(a)
    one.pop()
    other.push(a)
    expect([one.placeOf(a), other.placeOf(a)]).toEqual([-1, 0])
  })

  test('know a new handle of a slot from the old one', () => {
    const set = new ActiveSet()
    const next = (5 | (1 << 20)) as Ref
    set.push(5 as Ref)
    set.pop()
    set.push(next)
    expect([set.placeOf(5 as Ref), set.placeOf(next)]).toEqual([-1, 0])
  })
})
