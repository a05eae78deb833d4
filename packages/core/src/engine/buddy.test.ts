import { describe, expect, test } from 'vitest'
import { alive, failed, left, peer, ping, Rig, said, suspect } from './testing/rig.ts'

describe('a member that something is held against', () => {
  test.each([
    ['suspect', suspect('b', 5, 'c')],
    ['failed', failed('b', 5, 'c')],
    ['left', left('b', 5, 'c')],
  ] as const)('hears first that it is %s, in a reply and in a ping', (type, claim) => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('c', claim)
    rig.run(3_000)
    rig.take()
    rig.hear('b', ping(55))
    const [answer] = rig.takeTo('b')
    expect(answer!.messages[0]).toMatchObject({ type, name: 'b', incarnation: 5 })
    expect(answer!.messages[1]).toMatchObject({ type: 'ack', seq: 55 })
    rig.detect((context) => context.ping(rig.ref('b'), { path: 'direct', timeout: 500 }, rig.now))
    const [asked] = rig.takeTo('b')
    expect(asked!.messages.map((message) => message.type)).toEqual([type, 'ping'])
  })

  test('is told also when this node pings it for another', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(3_000)
    rig.take()
    const { address, name } = peer('b')
    rig.hear('c', { type: 'pingReq', nackAfter: 0, targets: [{ seq: 1, name, boot: undefined, address }] })
    expect(rig.takeTo('b')[0]!.messages.map(({ type }) => type)).toEqual(['suspect', 'ping'])
  })

  test('one that nothing is held against is told nothing of the kind', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', ping(55))
    expect(rig.takeTo('b')[0]!.messages).toMatchObject([{ type: 'ack', seq: 55, payload: undefined }])
  })

  test('one that failed lately is still gossiped to, so that it may refute; a minute later no more', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', failed('b', 5))
    rig.run(1_000)
    expect(said(rig.takeTo('b'), 'failed').length).toBeGreaterThan(0)
    rig.run(60_000)
    rig.take()
    rig.hear('c', alive(peer('x'), 1))
    rig.run(5_000)
    expect(rig.takeTo('b')).toEqual([])
  })
})
