import { pingAck } from '@swimkit/detector-pingack'
import { expect, it } from 'vitest'
import { Simulation } from '../simulation.ts'
import { Separations } from './separations.ts'

it('tells who was cut off from whom, while that lasts and for a window after', () => {
  const simulation = new Simulation({ detectors: () => [pingAck()] })
  simulation.populate(4)
  const separations = new Separations(simulation)
  const apart = (a: number, b: number): boolean => separations.within(a, b, 1_000, simulation.now)
  expect(apart(0, 1)).toBe(false)

  const heal = simulation.partition([['n0'], ['n1', 'n2']])
  expect([apart(0, 1), apart(2, 0), apart(1, 2), apart(0, 3)]).toEqual([true, true, false, false])
  simulation.run(5_000)
  heal()
  simulation.run(999)
  expect([apart(0, 1), apart(2, 0), apart(1, 2), apart(0, 3)]).toEqual([true, true, false, false])
  simulation.run(2)
  expect([apart(0, 1), apart(2, 0)]).toEqual([false, false])

  // One way is enough; losing some packets, or streams, is not.
  const oneWay = simulation.links(['n0'], ['n1'], { cut: 'packets' })
  simulation.links(['n2'], ['n3'], { cut: 'streams' })
  expect([apart(0, 1), apart(1, 0), apart(2, 3)]).toEqual([true, true, false])
  oneWay()
  simulation.run(1_001)
  expect(apart(0, 1)).toBe(false)
})
