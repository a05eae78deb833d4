import { expect, test } from 'vitest'
import type { Life } from '../faults/life.ts'
import { faultsOf, type Outcome } from './load.ts'

const borne: Outcome = {
  // Nothing else of it is looked at.
  victim: { name: 'm0', runtime: 'node' } as Life,
  kind: 'noise',
  datagrams: 100,
  read: 3,
  streamsOpened: 10,
  answers: {
    statuses: new Map([
      ['200', 5],
      ['429', 2],
    ]),
    served: 4,
  },
  health: { asked: 4, unanswered: 0, longest: 10 },
  processorTime: 1,
}

test('a load that arrived, and of which some requests were refused, is borne', () => {
  expect(faultsOf(borne)).toEqual([])
})

test.each<[string, Partial<Outcome>]>([
  ['no datagram was sent', { datagrams: 0 }],
  ['no datagram was read', { read: 0 }],
  ['the node does not say what it read', { read: Number.NaN }],
  ['no stream was opened', { streamsOpened: 0 }],
  ['all requests were refused', { answers: { statuses: new Map([['429', 7]]), served: 0 } }],
  ['a request came to a fault', { answers: { statuses: new Map([['500', 1]]), served: 1 } }],
  ['a look at its health was not answered', { health: { asked: 4, unanswered: 1, longest: 5_000 } }],
])('it is a fault where %s', (_, change) => {
  expect(faultsOf({ ...borne, ...change })).toHaveLength(1)
})
