import { describe, expect, test } from 'vitest'
import { peer, Rig, said, suspect, wall } from './testing/rig.ts'

describe('a change of what this node says of itself', () => {
  test('raises its incarnation by one, and is done when it was handed on as often as any update', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const data = Uint8Array.of(1)
    const operation = rig.engine.setRecord({ data }, rig.now)
    let times = 0
    while (!rig.results.has(operation)) {
      rig.run(10)
      times += said(rig.take(), 'alive').length
      expect(rig.now).toBeLessThan(60_000)
    }
    // ceil(retransmitMult × (1 + log10(3 + 1)))
    expect([times, rig.results.get(operation)]).toEqual([7, { kind: 'disseminated' }])
    expect([rig.ownIncarnation, rig.engine.members.record(rig.ref('me')).data]).toEqual([wall + 1, data])
  })

  test('after it left does not bring it back: it is told once it is', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.engine.leave(rig.now)
    const operation = rig.engine.setRecord({ data: Uint8Array.of(1) }, rig.now)
    expect([rig.status('me'), rig.results.get(operation)]).toEqual(['left', { kind: 'disseminated' }])
    rig.run(30_000)
    expect(said(rig.take(), 'alive')).toEqual([])
    rig.engine.join(peer('b').address, rig.now)
    expect(rig.status('me')).toBe('alive')
    expect(rig.engine.members.record(rig.ref('me')).data).toEqual(Uint8Array.of(1))
  })

  test('that a later one or a refutation overtakes is done when that is: nobody has heard of it before', () => {
    const overtakes: readonly ((rig: Rig) => void)[] = [
      (rig) => rig.engine.setRecord({ leaving: true }, rig.now),
      (rig) => rig.hear('b', suspect('me', rig.ownIncarnation, 'b')),
    ]
    for (const overtake of overtakes) {
      const rig = new Rig({ members: ['b', 'c'] })
      const data = Uint8Array.of(1)
      const operation = rig.engine.setRecord({ data }, rig.now)
      overtake(rig)
      let times = 0
      while (!rig.results.has(operation)) {
        rig.run(10)
        times += said(rig.take(), 'alive').filter(({ incarnation }) => incarnation === wall + 2).length
        expect(rig.now).toBeLessThan(60_000)
      }
      expect([rig.ownIncarnation, times]).toEqual([wall + 2, 7])
      expect(rig.engine.members.record(rig.ref('me')).data).toEqual(data)
    }
  })

  test('alone is done at once', () => {
    const rig = new Rig()
    const operation = rig.engine.setRecord({ leaving: true }, rig.now)
    expect(rig.results.get(operation)).toEqual({ kind: 'disseminated' })
  })

  test('that was abandoned is not reported', () => {
    const rig = new Rig({ members: ['b'] })
    const operation = rig.engine.setRecord({ data: Uint8Array.of(1) }, rig.now)
    rig.engine.abandon(operation)
    rig.run(20_000)
    expect(rig.results.has(operation)).toBe(false)
  })
})
