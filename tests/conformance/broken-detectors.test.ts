import { detectorCases } from '@swimkit/conformance'
import { describe, expect, test } from 'vitest'
import { type DetectorFlaw, detectorWithFlaw } from './broken/detector-with-flaw.ts'
import { failing } from './failing.ts'

const plugin = 'it is a plugin of this contract, by a name of 1 to 32 bytes'
const shared = 'one detector serves many nodes, and those of one group know nothing of those of another'
const marks = 'it changes no member but by evidence'
const host = 'time, chance and timers it takes from its node alone'
const seed = 'the same seed gives the same run, to the last deed'
const looks = 'it looks at others, by helpers that are others still, and for a time'
const channel = 'what anybody sends on its channel harms nobody'
const found = 'in a group of 3 a crashed member is reported in time, and then failed by all'
const last = 'the last of a group finds all the others gone'
const about = 'a report is about the process and incarnation that is gone'
const refutes = 'who refutes while it is looked at is not touched'
const quiet = 'in a quiet network nobody is reported, in groups of 1, 2, 3 and 8'
const alone = 'alone it looks at nobody, and who then joins and crashes is found'
const leaves = 'a member that leaves is neither looked at nor reported once that is known'
const restarts = 'a member whose process starts again at once is not reported in its new life'
const stood = 'a node that stood still reports nobody when it goes on'
const voided = 'pings that are void are no evidence'
const lossy = 'where 10 % of packets get lost, live members are seldom reported and none is failed'
const before = 'before it is started it does nothing'
const silence = 'stop arms no timer and asks for nothing, and is followed by silence'
const earlier = 'what it was looking at when it was stopped is no evidence once it starts again'
const again =
  'stopped and started again, as in a switch to another detector and back, it finds a crash as before'
const left = 'a node that has left is silent, and finds a crash once it has joined again'
const packets = 'where only packets are carried it uses no other way, finds a crash, and reports nobody else'
const streams = 'where only streams are carried it uses no other way, finds a crash, and reports nobody else'
const rate = 'a node sends no more pings and messages in a large group than in a small one'
const work = 'no call does more work in a large group than in a small one'

type Everywhere =
  | 'reports nobody'
  | 'reports two minutes later'
  | 'reports whoever answers'
  | 'arms a timer for now, again and again'

/** Each flaw, and the cases that find it. */
const flaws: Readonly<Record<Exclude<DetectorFlaw, Everywhere>, readonly string[]>> = {
  'speaks another contract': [plugin],
  'has a name that is too long': [plugin, channel],
  'reports nobody after the second': [last],
  'reports the incarnation that it knows by now': [refutes],
  'reports the boot that it knew first': [about],
  'reports whoever starts again': [restarts],
  'reports who was silent for long': [refutes, leaves, stood, voided, earlier, again],
  'looks once': [lossy],
  'takes void for a timeout': [voided],
  'does not start alone': [alone],
  'looks at who has left': [leaves],
  'acts when it is attached': [before],
  'arms a timer when it is stopped': [silence],
  'goes on after stop': [silence],
  'remembers its look when it is stopped': [earlier],
  'starts once': [again, left],
  'tells all its nodes what one has found': [shared, refutes],
  'pings over streams alone': [packets],
  'pings by packets alone': [streams],
  'reads the clock': [host],
  'throws dice of its own': [host, seed],
  'marks members itself': [marks],
  'writes to records': [marks],
  'looks at all members each time': [work],
  'pings all members each time': [rate, work],
  'pings itself': [looks],
  'asks members to ping themselves': [looks],
  'pings without end': [looks],
  'chokes on what it cannot read': [channel],
}

/** Those that show wherever there is something to see, and some of the cases that find them. */
const everywhere: Readonly<Record<Everywhere, readonly string[]>> = {
  'reports nobody': [found, last, about, alone, again, left, packets, streams],
  'reports two minutes later': [found, last, about, alone, again, left, packets, streams],
  'reports whoever answers': [quiet, found, restarts, stood, voided, earlier],
  'arms a timer for now, again and again': [quiet, found, lossy],
}

// The keys of the tables above are flaws.
const casesOf = (flaw: string) => detectorCases(() => detectorWithFlaw(flaw as DetectorFlaw))

describe('the cases find a detector that', { timeout: 60_000 }, () => {
  test.each(Object.entries(flaws))('%s', async (flaw, names) => {
    expect(Object.keys(await failing(casesOf(flaw)))).toEqual(names)
  })

  test.each(Object.entries(everywhere))('%s', async (flaw, names) => {
    const cases = casesOf(flaw).filter(({ name }) => names.includes(name))
    expect(Object.keys(await failing(cases)).sort()).toEqual([...names].sort())
  })
})

test('a detector that takes its time passes the cases that give it that', async () => {
  const slow = () => detectorWithFlaw('reports two minutes later')
  const [patient] = detectorCases(slow, { detectsWithin: () => 240_000 }).filter(({ name }) => name === last)
  patient!.run()
})
