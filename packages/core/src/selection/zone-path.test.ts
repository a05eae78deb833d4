import { expect, test } from 'vitest'
import { Group } from './testing/group.ts'
import { zoneOf } from './zone-path.ts'

test('of a zone eight parts count, and none that is behind them', () => {
  const parts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const group = new Group()
  const zones = [parts, [...parts, 'i']].map((each, i) => group.add(`n${i}`, each.join('/')))
  expect(zones.map((ref) => zoneOf(group.table, ref, 'zone'))).toEqual([parts, parts])
})
