import { disseminatorCases } from '@swimkit/conformance'
import { describe, expect, test } from 'vitest'
import { type DisseminatorFlaw, ListQueue } from './broken/list-queue.ts'
import { failing } from './failing.ts'

const any = 'whatever is done to it, packets keep their budget, and each update ends once, at its time'
const often = 'while there is room for all, each update is sent as often as the limit says'
const turns = 'where a packet holds one update, all take turns until each was sent as often as the limit says'
const news = 'what was never sent goes before what was'
const replaced =
  'a newer update of the same key replaces the older, which ends, and is sent as often as any other'
const kinds =
  'news of a status and newer data of the same member ride side by side, and are dropped apart or together'
const self = 'a packet to a member brings it nothing about itself, and costs that update no transmission'
const lower = 'a lower limit than before ends what was sent as often already'
const full = 'it holds no more than its capacity, and what it lets go of is told so'

type Everywhere =
  | 'says that it used the whole budget'
  | 'clears what is in the packet'
  | 'puts an update in twice'

/** Each flaw, and the cases that find it. */
const flaws: Readonly<Record<Exclude<DisseminatorFlaw, Everywhere>, readonly string[]>> = {
  'forgets the overhead of parts': [any, 'the overhead of each part counts, to the byte'],
  'sends the most sent first': [any, turns, news],
  'sends the oldest first, however often it was sent': [any, turns, news],
  'tells a member about itself': [any, self],
  'counts what it held back as sent': [any, self],
  'keeps the older of one key': [any, replaced],
  'keeps both of one key': [any, replaced],
  'takes status and record for one key': [any, kinds],
  'lets a replacement begin where the older was': [any, replaced],
  'sends once too often': [any, often, turns, replaced, self],
  'ends only what was sent as often as the limit exactly': [any, lower],
  'does not end what is replaced': [any, replaced],
  'does not end what is dropped': [any, kinds],
  'ends twice': [any, replaced, kinds, lower, full],
  'drops both kinds for one': [any, kinds],
  'counts only members': [any, kinds],
  'gives up at the first that does not fit': [
    'an update too large for any packet does not keep the others back',
  ],
  'looks at everything': ['a fill gives up early where nothing fits, however much is queued'],
  'holds any number': [full],
  'does not end what it has no room for': [full],
}

/** Those that show in every packet, whatever a case is about. */
const everywhere: readonly Everywhere[] = [
  'says that it used the whole budget',
  'clears what is in the packet',
  'puts an update in twice',
]

const casesOf = (flaw?: DisseminatorFlaw) => disseminatorCases(() => new ListQueue(flaw), { capacity: 1_000 })

test('a disseminator that is nothing but a list passes all cases', async () => {
  expect(await failing(casesOf())).toEqual({})
})

describe('the cases find a disseminator that', () => {
  test.each(Object.entries(flaws))('%s', async (flaw, names) => {
    // The keys of the table above are flaws.
    expect(Object.keys(await failing(casesOf(flaw as DisseminatorFlaw)))).toEqual(names)
  })

  test.each(everywhere)('%s', async (flaw) => {
    expect(Object.keys(await failing(casesOf(flaw)))).toEqual(expect.arrayContaining([any, self]))
  })
})
