import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { swimCodec } from '../wire/swim-codec.ts'
import { FakeSealer } from '../wire/testing/fake-sealer.ts'
import { alive, failed, peer, ping, Rig, suspect } from './testing/rig.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

describe('packets', () => {
  test('never exceed their largest size, sealed or not, whatever is queued and however long the names are', () => {
    const name = fc
      .tuple(fc.integer({ min: 1, max: 120 }), fc.nat(999))
      .map(([length, i]) => `${'n'.repeat(length)}${i}`)
    fc.assert(
      fc.property(
        fc.integer({ min: 576, max: 1_500 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 120 }),
        fc.uniqueArray(fc.tuple(name, fc.nat(512), fc.nat(3)), {
          selector: ([each]) => each,
          minLength: 3,
          maxLength: 40,
        }),
        fc.nat(250),
        (maxPacketBytes, sealed, ownName, members, payload) => {
          const codec = swimCodec().open({
            cluster: 'a cluster with a label of some length',
            sealer: sealed ? new FakeSealer() : undefined,
            maxPacketBytes: 65_535,
            maxStreamBytes: 16_777_216,
          })
          const record = {
            ...peer('me'),
            name: 'm'.repeat(ownName),
            address: { host: 'fd00::1234:5678', port: 1 },
          }
          const rig = new Rig({
            engine: { codec, maxPacketBytes, record, hooks: { ackPayload: () => new Uint8Array(payload) } },
          })
          for (const [each, bytes] of members)
            rig.hear('introducer', alive(peer(each, { data: new Uint8Array(bytes) }), 5))
          const [, , third] = members
          for (const [each, , action] of members) {
            if (action === 0) rig.hear(third![0], suspect(each, 5, ...members.slice(0, 9).map(([by]) => by)))
            if (action === 1) rig.hear(third![0], failed(each, 5))
            rig.hear(each, ping(1, record.name))
            rig.detect((context) => {
              for (const [other] of members) {
                if (other !== each)
                  context.ping(
                    rig.ref(other),
                    { path: 'indirect', via: rig.ref(each), timeout: 500 },
                    rig.now,
                  )
              }
            })
          }
          rig.run(3_000)
          const sent = rig.take()
          expect(Math.max(...sent.map(({ size }) => size))).toBeLessThanOrEqual(maxPacketBytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('are filled with updates as far as they go', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 100; i++) rig.hear('b', alive(peer(`n${i}`), 5))
    rig.run(200)
    const [first] = rig.take().filter(({ messages }) => messages.length > 1)
    expect(first!.size).toBeGreaterThan(1_400 - 60)
    expect(first!.size).toBeLessThanOrEqual(1_400)
  })

  test('an ack goes at once, however much is queued', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 1_000; i++) rig.hear('b', alive(peer(`n${i}`), 5))
    rig.take()
    rig.hear('b', ping(7))
    expect(rig.takeTo('b')[0]!.messages[0]).toMatchObject({ type: 'ack', seq: 7 })
  })
})
