import { describe, expect, test } from 'vitest'
import type { Message, PingTarget } from '../wire/message.ts'
import { peer, Rig, said } from './testing/rig.ts'

describe('helping', () => {
  const target = (name: string, seq: number) => ({ seq, name, boot: undefined, address: peer(name).address })
  const helping = (nackAfter: number) => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', { type: 'pingReq', nackAfter, targets: [target('c', 900)] })
    const [asked] = rig.takeTo('c')
    return { rig, seq: said([asked!], 'ping')[0]!.seq }
  }
  const ack = (seq: number): Message => ({ type: 'ack', seq, payload: Uint8Array.of(4) })

  test('is a ping with a number of its own, and the relayed ack', () => {
    const { rig, seq } = helping(400)
    expect(seq).not.toBe(900)
    rig.run(50)
    rig.hear('c', ack(seq))
    expect(rig.takeTo('b')[0]!.messages).toEqual([ack(900)])
    rig.run(2_000)
    expect(said(rig.takeTo('b'), 'nack')).toEqual([])
  })

  test('is a nack when the time for one is up, 80 % of the whole, and still the ack if it comes before the end', () => {
    const { rig, seq } = helping(400)
    rig.run(399)
    expect(rig.takeTo('b')).toEqual([])
    rig.run(1)
    expect(rig.takeTo('b')[0]!.messages).toEqual([{ type: 'nack', seq: 900 }])
    rig.run(99)
    rig.hear('c', ack(seq))
    expect(rig.takeTo('b')[0]!.messages).toEqual([ack(900)])
  })

  test('ends with the whole time: a later ack is stray', () => {
    const { rig, seq } = helping(400)
    rig.run(500)
    rig.take()
    rig.hear('c', ack(seq))
    expect([rig.takeTo('b'), rig.count('acksStray')]).toEqual([[], 1])
  })

  test('sends no nack where none is wanted', () => {
    const { rig } = helping(0)
    rig.run(5_000)
    expect(said(rig.take(), 'nack')).toEqual([])
  })

  test('relays no ack of anybody but the target', () => {
    const { rig, seq } = helping(400)
    rig.hear('b', ack(seq))
    expect([rig.takeTo('b'), rig.count('acksStray')]).toEqual([[], 1])
  })

  test('answers each of several targets', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('b', {
      type: 'pingReq',
      nackAfter: 400,
      targets: [target('c', 1), target('d', 2), target('x', 3)],
    })
    const asked = rig.take()
    expect(asked.map(({ to }) => to)).toEqual(['c', 'd', 'x'].map((name) => peer(name).address))
    rig.hear('d', ack(said(asked, 'ping')[1]!.seq))
    rig.run(400)
    const answers = rig.takeTo('b')
    expect(said(answers, 'ack').map(({ seq }) => seq)).toEqual([2])
    expect(said(answers, 'nack').map(({ seq }) => seq)).toEqual([1, 3])
  })

  test('several targets for one helper are asked for in one message, which wants its nack after 80 %', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.detect((context) => {
      for (const name of ['c', 'd']) {
        context.ping(rig.ref(name), { path: 'indirect', via: rig.ref('b'), timeout: 500 }, rig.now)
      }
    })
    const requests = said(rig.takeTo('b'), 'pingReq')
    expect(requests.map(({ nackAfter, targets }) => [nackAfter, targets.map(({ name }) => name)])).toEqual([
      [400, ['c', 'd']],
    ])
  })

  test('each helper of one target is asked by itself', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.detect((context) => {
      for (const name of ['c', 'd']) {
        context.ping(rig.ref('b'), { path: 'indirect', via: rig.ref(name), timeout: 500 }, rig.now)
      }
    })
    const sent = rig.take()
    expect(sent.map(({ to }) => to)).toEqual(['c', 'd'].map((name) => peer(name).address))
    expect(new Set(said(sent, 'pingReq').map(({ targets }) => targets[0]!.seq)).size).toBe(2)
  })

  test('is bounded: beyond 1,024 relays further ones are refused and counted', () => {
    const rig = new Rig({ members: ['b'] })
    const ask = (...targets: PingTarget[]) => rig.hear('b', { type: 'pingReq', nackAfter: 400, targets })
    const relays = () => [rig.count('pingsRelayed'), rig.count('relaysRefused')]
    for (let i = 0; i < 64; i++) ask(...Array.from({ length: 16 }, (_, j) => target('x', i * 16 + j)))
    expect(relays()).toEqual([1_024, 0])
    ask(target('x', 1_025))
    expect(relays()).toEqual([1_024, 1])
    rig.run(1_000)
    ask(target('x', 1_026))
    expect(relays()).toEqual([1_025, 1])
  })
})
