import { codecCases } from '@swimkit/conformance'
import { describe, expect, test } from 'vitest'
import { type CodecFlaw, codecWithFlaw, type SealingFlaw } from './broken/codec-with-flaw.ts'
import { failing } from './failing.ts'
import { inFewerWords, terseCodec } from './foreign/terse-codec.ts'

const order = 'a packet holds its messages in order, and is never larger than foretold'
const foretold = 'what was foretold for one sender stands, whoever else is asked for meanwhile'
const twice = 'a part that was encoded once can be sent many times'
const outlives = 'what was decoded outlives the packet, also where slices of it share its memory'
const cut = 'a packet that was cut anywhere is a fault'
const changed = 'a packet with one byte changed, or one more, is a fault'
const random = 'random bytes, and bytes that begin well, are a fault'
const after = 'after bytes that were refused, a good packet is read as before'
const readLater = 'what was read outlives the chunks of its stream'
const anywhere = 'a stream may be cut into chunks anywhere, and gives its message with the last'
const last = 'a stream yields nothing before its last byte, and then all'
const ended = 'a fault ends the stream: nothing that follows is a message'
const together = 'streams under way at the same time do not get in the way of each other, or of packets'
const table = 'a table goes out in chunks of about 64 KiB at most, read only as they are taken'
const many = 'many chunks together may not pass the bound of a stream either'
const range = 'a value out of range is a RangeError on the way out, and leaves the codec as good as before'
const keyless = 'a node with a key refuses plain packets and streams, and one without refuses sealed ones'

/** Each flaw, and the cases that find it. */
const flaws: Readonly<Record<Exclude<CodecFlaw, SealingFlaw>, readonly string[]>> = {
  'speaks another contract': ['it is a plugin of this contract'],
  'loses the payload of acks': ['ack comes back as it was, from a packet', order, twice, outlives],
  'swaps the messages of a packet': [order],
  'foretells a byte too few': [order, foretold],
  'writes into the parts that it sends': [foretold, twice],
  'hands out views of the packet': [outlives],
  'does not notice a new incarnation': [foretold],
  'throws for short packets': [cut, random, after],
  'gives what it could read of a bad packet': [cut, changed, random],
  'gives faults that nobody knows': [cut, changed, random],
  'does not read the rest of a packet': [changed],
  'reads no packet after a bad one': [after, range],
  'starts over with each chunk': [
    readLater,
    anywhere,
    last,
    ended,
    together,
    table,
    'a part that is larger than any chunk arrives whole',
    many,
  ],
  'goes on after a fault': [ended, many],
  'has one reader for all streams': [anywhere, last, ended, together, many],
  'reads a table before it is asked': [table],
  'writes a stream in one chunk': [table],
  'takes packets of any size': [
    'a packet larger than allowed is a fault of kind too-big, and one as large is not',
  ],
  'takes streams of any size': [
    'a stream larger than allowed is a fault before much more than that has been read',
    many,
  ],
  'takes packets of any cluster': [
    "another cluster's packets and streams are a fault of kind cluster, also where one label begins with the other",
  ],
  'encodes what is out of range': [range],
}

/** Those that only a sealer brings to light. */
const sealingFlaws: Readonly<Record<SealingFlaw, readonly string[]>> = {
  'seals nothing': [
    keyless,
    'a node that is to seal later sends what is plain, and takes in both, from that moment on',
    'packets and streams under another key are a fault that the sealer names',
    'what is said cannot be read in the bytes of a packet or stream',
    "bytes 2 to 9 of what a sealer authenticates besides are the sender's boot",
    "a stream's chunks cannot be left out, moved, repeated or spliced in from another stream",
    'a late chunk that is wrong leaves no message, also when the right one follows',
  ],
  'takes what is not sealed': [
    keyless,
    'a node that is to seal later sends what is plain, and takes in both, from that moment on',
  ],
  'reads all from the start with each chunk': [
    'what is sealed is opened once, however small the chunks that bring it',
  ],
}

describe('the cases find a codec that', { timeout: 60_000 }, () => {
  test.each(Object.entries(flaws))('%s', async (flaw, names) => {
    // The keys of the tables above are flaws.
    const cases = codecCases(() => codecWithFlaw(flaw as CodecFlaw), { sealing: false })
    expect(Object.keys(await failing(cases))).toEqual(names.map((name) => `plain: ${name}`))
  })

  test.each(Object.entries(sealingFlaws))('%s', async (flaw, names) => {
    const cases = codecCases(() => codecWithFlaw(flaw as CodecFlaw))
    expect(Object.keys(await failing(cases))).toEqual(names.map((name) => `sealed: ${name}`))
  })
})

describe('a codec with little to say', () => {
  const options = { arrives: inFewerWords, sender: () => undefined, labels: false, sealing: false }

  test('passes all cases, as it says so', async () => {
    const cases = codecCases(terseCodec, options)
    expect(await failing(cases)).toEqual({})
    const names = cases.map(({ name }) => name)
    expect(names).toContain('plain: sync comes back as it was, from a stream')
    expect(names.filter((name) => /custom|cluster|sealed|sync.*packet/.test(name))).toEqual([])
  })

  test('fails some that does not say so', async () => {
    const names = Object.keys(await failing(codecCases(terseCodec, { ...options, sender: (from) => from })))
    expect(names).toContain('plain: nack comes back as it was, from a packet')
  })
})
