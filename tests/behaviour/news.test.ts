import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, test } from 'vitest'
import { quiet, recordOf, statusAt } from './cluster.ts'

/** Far below a `syncInterval`: who is told by gossip, and not by comparing tables. */
const soon = 1_500
const times = 100

describe.each([
  ['pingack', pingAck],
  ['gossip', gossip],
])('with %s', (_, detector) => {
  test.each([5, 7, 9, 30])('a change at one of %i reaches all others before tables are compared', (n) => {
    const [net, nodes] = quiet(n, { detectors: () => [detector()] })
    for (let i = 0; i < times; i++) {
      const teller = nodes[i % n]!
      const data = Uint8Array.of(i)
      net.call(teller, (engine, now) => engine.setRecord({ data }, now))
      net.until(() => nodes.every(({ engine }) => recordOf(engine, teller.name).data[0] === i), soon)
      net.run(500)
    }
  })

  test('one that joins six is known to all before tables are compared', () => {
    const [net, nodes] = quiet(6, { detectors: () => [detector()] })
    for (let i = 0; i < times; i++) {
      const late = net.add(`late${i}`)
      net.join(late, nodes[i % 6]!)
      net.until(() => nodes.every((node) => statusAt(node, late.name) === 'alive'), soon)
      net.leave(late)
      net.run(2_000)
      expect(nodes.map((node) => statusAt(node, late.name))).toEqual(Array(6).fill('left'))
    }
  })
})
