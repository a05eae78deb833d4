import { codecCases, detectorCases, disseminatorCases, transportCases } from '@swimkit/conformance'
import { compose, PiggybackQueue, swimCodec } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { describe, expect, test } from 'vitest'
import { failing } from './failing.ts'

describe.each([
  { kind: 'transports', cases: transportCases(() => compose({ packets: udp(), streams: tcp() })) },
  { kind: 'codecs', cases: codecCases(swimCodec) },
  { kind: 'disseminators', cases: disseminatorCases(() => new PiggybackQueue()) },
  { kind: 'detectors', cases: detectorCases(() => pingAck()) },
])('the cases for $kind', ({ cases }) => {
  test('have names that tell them apart', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })

  test('can be handed to a runner as they are: they take nothing, and need no this', () => {
    // Some runners take a parameter for a callback that says when the test is over.
    for (const { run } of cases) expect(run).toHaveLength(0)
  })
})

describe('the cases for transports', () => {
  const transport = { udp: () => udp(), tcp: () => tcp() }

  test('are of what a transport says that it carries', () => {
    const names = (make: () => ReturnType<typeof udp>) => transportCases(make).map(({ name }) => name)
    const [packets, streams] = [names(transport.udp), names(transport.tcp)]
    expect(packets).toContain('a packet over the limit is refused and counted, never cut')
    expect(packets).toContain('it carries no streams: a dial rejects with a DialError')
    expect(packets).not.toContain('a mebibyte and its echo arrive whole and in order')
    expect(streams).toContain('a mebibyte and its echo arrive whole and in order')
    expect(streams).toContain('it carries no packets: send does nothing')
    expect(streams).not.toContain('a packet over the limit is refused and counted, never cut')
  })

  test('can be run again', async () => {
    const [first] = transportCases(transport.udp).filter(({ name }) => name.startsWith('a packet and'))
    expect(await failing([first!, first!])).toEqual({})
  })

  test('bind what they are told to', async () => {
    const bound: number[] = []
    const bind = () => {
      bound.push(0)
      return { host: '::1', port: 0 }
    }
    expect(await failing(transportCases(transport.udp, { bind }).slice(0, 8))).toEqual({})
    expect(bound.length).toBeGreaterThan(0)
  })

  test('send again where packets may be lost', async () => {
    let sent = 0
    const lossy = () => {
      const inner = udp()
      return {
        ...inner,
        send: (...args: Parameters<typeof inner.send>) => sent++ % 3 === 0 && inner.send(...args),
      }
    }
    const own = (cases: ReturnType<typeof transportCases>) =>
      cases.filter(({ name }) => /arrive|packet/.test(name) && !name.includes('over the limit'))
    expect(await failing(own(transportCases(lossy, { lossy: true })))).toEqual({})
    expect(Object.keys(await failing(own(transportCases(lossy, { patience: 300 }))))).toContain(
      'many packets at once arrive unmixed, from two senders',
    )
  })
})
