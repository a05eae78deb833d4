import type { SimNode } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { ever, quiet } from './cluster.ts'

/** What a node has told of the way to a member. */
const paths = (observer: SimNode, { name }: SimNode): string[] =>
  observer.events
    .filter(({ record, type }) => record.name === name && (type === 'degraded' || type === 'restored'))
    .map(({ detail, type }) => `${type}: ${detail?.split(':')[0]}`)

describe('a way that is broken between two of ten', () => {
  test.each([
    ['for packets', 'packets', 'degraded: streams reach it, and packets do not', 'packets'],
    [
      'for everything',
      'everything',
      'degraded: others reach it, and nothing from here does, neither packets nor streams',
      '',
    ],
  ] as const)('%s is told by both of them and by nobody else, and fails nobody', (_, cut, told, back) => {
    const [net, nodes] = quiet(10)
    const [a, b] = nodes as [SimNode, SimNode]
    const undo = [net.links([a], [b], { cut }), net.links([b], [a], { cut })]
    net.until(() => paths(a, b).length > 0 && paths(b, a).length > 0, 120_000)
    expect([paths(a, b), paths(b, a)]).toEqual([[told], [told]])
    expect([ever(nodes, 'failed'), ever(nodes, 'degraded').length]).toEqual([[], 2])

    for (const heal of undo) heal()
    net.until(() => paths(a, b).length > 1 && paths(b, a).length > 1, 120_000)
    expect(paths(a, b)[1]).toMatch(new RegExp(`^restored: ${back || '(packets|streams)'} reach it again`))
    net.run(120_000)
    expect(ever(nodes, 'degraded').length).toBe(2)
  })

  test('for streams is found by a sync, and by nobody else', () => {
    const [net, nodes] = quiet(3, { settings: { syncInterval: 5_000 } })
    const [a, b] = nodes as [SimNode, SimNode]
    const undo = net.links([a], [b], { cut: 'streams' })
    net.until(() => paths(a, b).length > 0, 300_000)
    expect(paths(a, b)).toEqual(['degraded: packets reach it, and streams do not'])
    undo()
    net.until(() => paths(a, b).length > 1, 300_000)
    expect([paths(a, b)[1], ever(nodes, 'failed')]).toEqual(['restored: streams reach it again', []])
  })
})
