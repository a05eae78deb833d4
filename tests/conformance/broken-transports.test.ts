import { transportCases } from '@swimkit/conformance'
import { describe, expect, test } from 'vitest'
import { Hub, MemoryTransport, type TransportFlaw } from './broken/memory-transport.ts'
import { failing } from './failing.ts'

const freed = 'close frees the address, and the same transport may be opened there again'
const twice = 'close is harmless when called again, when called twice at once, and before open'
const meanwhile = 'one that is closed while it opens leaves nothing open'
const taken = 'an address that is taken is refused as in use, and nothing of it is kept'
const many = 'many packets at once arrive unmixed, from two senders'
const over = 'a packet over the limit is refused and counted, never cut'
const silent = 'after close nothing arrives'
const dead = 'an address where nobody is costs no packet to others, and is not fatal'
const request = 'a request and its reply travel on one connection, and each end is told of the other end'
const view = 'a view into a larger buffer is written without what is around it'
const ended = 'close ends the connections at both ends, whatever waits on them'
const nobody = 'a dial where nobody is rejects with a DialError of a known kind'
const aborted = 'a dial whose signal is aborted already rejects with its reason'

/** Each flaw, and the cases that find it. */
const flaws: Readonly<Record<TransportFlaw, readonly string[]>> = {
  'cuts packets that are too large': [over],
  'drops packets that are too large without counting': [over],
  'drops the largest packet': ['the largest packet arrives whole, and what follows one without a byte'],
  'sends the whole buffer behind a view': ['a view into a larger buffer is sent without what is around it'],
  'reuses its buffer while packets are under way': [many, dead],
  'delivers a packet again from the bytes that it handed out': [
    'a receiver may write into the bytes that it is handed',
  ],
  'throws for an address that it cannot read': [
    'send never throws, whatever the address, and the next packet arrives',
  ],
  'throws after close': ['send before open and after close does nothing'],
  'delivers after close': [silent],
  'forgets everybody after a packet to nobody': [dead],
  'keeps its address after close': [freed, meanwhile, taken, silent, ended, nobody],
  'takes an address that is taken': [taken],
  'refuses a taken address with a plain error': [taken],
  'rejects a second close': [twice, meanwhile],
  'is bound for ever when closed while it opens': [meanwhile],
  'has a counter that is no number': ['counters are numbers, before open, while open and after close'],
  'speaks another contract': ['it is a plugin of this contract, and carries packets or streams'],
  'dials for ever where nobody is': [nobody],
  'rejects a dial with a plain error': [nobody],
  'calls everything refused': [
    'an address that can have nobody is no refusal, and the next dial comes through',
  ],
  'dials in spite of an aborted signal': [aborted],
  'rejects an aborted dial with its own error': [aborted],
  'dials after close': ['before open and after close a dial rejects with a DialError'],
  'takes any amount unread': ['who writes to one that does not read has to wait, and loses nothing'],
  'writes the whole buffer behind a view': [view],
  'loses what was written before the end': [request, view, 'packets and streams reach one address'],
  'swaps chunks': ['a mebibyte and its echo arrive whole and in order'],
  'ends both ways at once': [request],
  'leaves reads waiting when destroyed': [
    'a read that waits is settled when its connection is destroyed, at either end',
    ended,
  ],
  'leaves connections open at close': [ended],
  'throws when ended twice': ['end and destroy are harmless when called again, and after one another'],
  'takes writes after its end': ['after its own end nothing more can be written, and that is a DialError'],
  'says nothing to who writes to nobody': ['who goes on writing to one that is gone is told by a DialError'],
  'mixes connections': ['ten connections at once do not mix'],
}

const casesOf = (flaw?: TransportFlaw, patience = 1_000) => {
  const hub = new Hub()
  return transportCases(() => new MemoryTransport(hub, flaw), { patience })
}

test('a transport of nobody’s network, within one process, passes all cases', async () => {
  expect(await failing(casesOf(undefined, 4_000))).toEqual({})
})

describe('the cases find a transport that', { timeout: 60_000 }, () => {
  test.concurrent.each(Object.entries(flaws))('%s', async (flaw, names) => {
    // The keys of the table above are flaws.
    expect(Object.keys(await failing(casesOf(flaw as TransportFlaw)))).toEqual(names)
  })
})
