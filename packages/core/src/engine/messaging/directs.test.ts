import { describe, expect, test } from 'vitest'
import type { Message } from '../../wire/message.ts'
import { peer, Rig } from '../testing/rig.ts'

/** Sends so many messages to b, and says what is asked of it, and by which token. */
function sending(count: number) {
  const rig = new Rig({ members: ['b', 'c'] })
  const operations = Array.from({ length: count }, (_, i) =>
    rig.engine.send(rig.ref('b'), Uint8Array.of(i), true, rig.now),
  )
  return { rig, operations, asked: rig.requests.filter(({ message }) => message.type === 'direct') }
}

/** What b says to that. */
function answerOf(message: Message): Message {
  if (message.type !== 'direct') throw new Error(`asked with a ${message.type}`)
  const b = new Rig({ engine: { record: { ...peer('b'), streams: true } } })
  return b.ask('me', message)
}

describe('the answer to a message over a stream', () => {
  test('says that it has arrived', () => {
    const { asked, operations, rig } = sending(3)
    for (const { message, token } of asked) rig.reply(token, 'b', answerOf(message))
    expect(operations.map((operation) => rig.results.get(operation)?.kind)).toEqual(['sent', 'sent', 'sent'])
  })

  test('says so of no other message: one that was recorded, and is sent again, is of no use', () => {
    const { asked, operations, rig } = sending(2)
    const recorded = answerOf(asked[0]!.message)
    for (const { token } of asked) rig.reply(token, 'b', recorded)
    expect(operations.map((operation) => rig.results.get(operation))).toEqual([
      { kind: 'sent' },
      { kind: 'send-failed', code: 'malformed' },
    ])
  })

  test.each([
    ['another member', peer('c')],
    ['another process of the same name', { ...peer('b'), boot: peer('b').boot + 1n }],
  ])('says nothing where %s gave it', (_, from) => {
    const { asked, operations, rig } = sending(1)
    rig.reply(asked[0]!.token, from, answerOf(asked[0]!.message))
    expect(rig.results.get(operations[0]!)).toEqual({ kind: 'send-failed', code: 'malformed' })
  })
})
