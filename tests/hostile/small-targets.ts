import { ByteReader } from '@swimkit/core'
import { KeyError, readKey } from '@swimkit/security'
import fc from 'fast-check'
import { type LanMessage, lanFormat } from '../../packages/bootstrap/src/lan/lan-message.ts'
import { xorSealer } from '../../packages/bootstrap/src/testing/xor-sealer.ts'
import { CliError } from '../../packages/cli/src/errors.ts'
import { parseScenario } from '../../packages/cli/src/simulate/scenario-file.ts'
import {
  errorMax,
  errorMin,
  farthest,
  isValid,
  originCoordinate,
  ownCoordinate,
  parts,
  update,
} from '../../packages/core/src/model/coordinate.ts'
import {
  coordinateBytes,
  packCoordinate,
  unpackCoordinate,
} from '../../packages/core/src/model/coordinate-bytes.ts'
import { decodeMemberData, encodeMemberData } from '../../packages/core/src/node/member-data.ts'
import { DigestReader, DigestWriter } from '../../packages/detector-gossip/src/digest.ts'
import { holdSame } from './decoded.ts'
import { cluster } from './framing.ts'
import { damageValue } from './json-bytes.ts'
import { hold, type Target } from './target.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const text = (most: number) => fc.string({ unit: fc.constantFrom(...'abc=é名😀'), maxLength: most })

/** Packets of local discovery: the bytes of a plain one, which is then tried plain, and sealed behind the same head. */
const lan: Target = {
  name: 'lan-message',
  maxBytes: 1_100,
  valid: fc
    .record({
      kind: fc.constantFrom<LanMessage['kind']>('question', 'answer'),
      nonce: fc.bigInt(0n, 2n ** 64n - 1n),
      from: fc.record({
        name: fc.constantFrom('a', 'überall', 'x'.repeat(128)),
        address: fc.constantFrom('10.0.0.1:7946', '[2001:db8::1]:1', '127.0.0.1:65535'),
        boot: fc.constantFrom('00000000000000ff', 'ffffffffffffffff'),
        active: fc.constantFrom(0, 1, 127, 128, 2 ** 32 - 1),
      }),
    })
    .map((message) => lanFormat(cluster, undefined).encode(message)),
  check: (input) => {
    const head = 11 + cluster.length
    const plain = lanFormat(cluster, undefined)
    const heard = plain.decode(input)
    if (typeof heard !== 'string') {
      holdSame(plain.decode(plain.encode(heard)), heard, 'a message that was said again is another')
    }
    const sealer = xorSealer(5)
    const all = lanFormat(cluster, sealer)
    hold(typeof all.decode(input) === 'string', 'something plain was accepted where all is sealed')
    if (input.length < head) return
    const aad = input.slice(0, head)
    aad[0] = aad[0]! | 1
    const sealed = Uint8Array.from([...aad, ...sealer.seal(input.slice(head), aad)])
    const opened = all.decode(sealed)
    // With another length of the label the seal would stand elsewhere.
    if (input[0] === 0xd8 && input[10] === cluster.length && sealed.length <= 1_000) {
      holdSame(opened, heard, 'a sealed message is understood as another than a plain one')
    }
  },
}

/** Coordinates of others, of which many come in a row. */
const coordinate: Target = {
  name: 'coordinate',
  maxBytes: 12 * coordinateBytes,
  valid: fc
    .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: parts, maxLength: parts })
    .map((list) => {
      const packed = new Uint8Array(coordinateBytes)
      packCoordinate(Float64Array.from(list), packed)
      return packed
    }),
  check: (input) => {
    const own = ownCoordinate()
    const other = originCoordinate()
    for (let at = 0; at <= input.length; at += coordinateBytes) {
      const bytes = input.slice(at, at + coordinateBytes)
      hold(unpackCoordinate(bytes, other) === bytes.length >= coordinateBytes, 'a short coordinate was read')
      if (bytes.length < coordinateBytes || !isValid(other)) continue
      const packed = new Uint8Array(coordinateBytes)
      packCoordinate(other, packed)
      const again = originCoordinate()
      unpackCoordinate(packed, again)
      holdSame(again, other, 'a coordinate that was written again is another')
      update(own, other, 1 + (bytes[0]! % 100), at)
      const [height, error] = [own[8]!, own[9]!]
      hold(own.every(Number.isFinite), 'a valid coordinate made the own one infinite')
      hold(height > 0 && error >= errorMin && error <= errorMax, `height ${height}, error ${error}`)
      // Each moves it by no more than a few times what is usually off, which begins at the round trip.
      const out = Math.hypot(...own.subarray(0, 8))
      hold(out < farthest, `${at / coordinateBytes + 1} coordinates carried the own one ${out} ms away`)
    }
  },
}

const memberData: Target = {
  name: 'member-data',
  maxBytes: 2_048,
  valid: fc
    .record({
      tags: fc.dictionary(
        text(10).filter((key) => key.length > 0),
        text(20),
        { maxKeys: 5 },
      ),
      services: fc.array(
        fc.record({
          name: text(10).filter((name) => name.length > 0),
          port: fc.integer({ min: 1, max: 65_535 }),
        }),
        { maxLength: 4 },
      ),
      payload: fc.uint8Array({ maxLength: 100 }),
    })
    .map((data) => encodeMemberData(data, 65_536)),
  check: (input) => {
    const data = decodeMemberData(input)
    const { payload, services, tags } = data
    hold(Object.getPrototypeOf(tags) === Object.prototype, 'tags of a stranger have their own prototype')
    const characters = Object.entries(tags).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
    const size = characters + services.reduce((sum, { name }) => sum + name.length, 0) + payload.length
    hold(size <= input.length, `${input.length} bytes make ${size} of tags, services and payload`)
    hold(
      Object.keys(tags).length <= 255 && services.length <= 255,
      'more tags or services than a byte counts',
    )
    holdSame(decodeMemberData(input), data, 'the same data is another the second time')
  },
}

/** Digests of the gossip detector. */
const heartbeats: Target = {
  name: 'heartbeats',
  maxBytes: 1_400,
  valid: fc
    .tuple(
      fc.boolean(),
      fc.array(
        fc.tuple(
          fc.oneof(
            fc.integer({ min: 1, max: 2 ** 32 - 1 }),
            text(20).filter((name) => name.length > 0),
          ),
          fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        ),
        { maxLength: 20 },
      ),
    )
    .map(([push, entries]) => {
      const writer = new DigestWriter()
      writer.begin(push, 1_400)
      for (const [who, heartbeat] of entries) {
        if (typeof who === 'number') writer.short(who, heartbeat)
        else writer.named(who, heartbeat)
      }
      return writer.finish().slice()
    }),
  check: (input) => {
    const reader = new DigestReader()
    const read = reader.read(new ByteReader(input))
    hold(
      reader.count <= Math.max(0, input.length - 1) / 5,
      `${reader.count} entries in ${input.length} bytes`,
    )
    if (!read) return
    const writer = new DigestWriter()
    writer.begin(reader.push, 65_507)
    let name = 0
    for (let i = 0; i < reader.count; i++) {
      if (reader.ids[i] !== 0) writer.short(reader.ids[i]!, reader.heartbeats[i]!)
      else writer.named(reader.names[name++]!, reader.heartbeats[i]!)
    }
    holdSame(Uint8Array.from(writer.finish()), Uint8Array.from(input), 'a digest has two encodings')
  },
}

const key: Target = {
  name: 'key',
  maxBytes: 64,
  valid: fc
    .constantFrom(16, 24, 32)
    .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }))
    .map((bytes) => encoder.encode(Buffer.from(bytes).toString('base64'))),
  check: (input) => {
    for (const from of [input, decoder.decode(input)]) {
      try {
        hold([16, 24, 32].includes(readKey(from).bytes.length), 'a key of another size')
      } catch (error) {
        if (!(error instanceof KeyError)) throw error
        const shown = decoder.decode(input)
        hold(shown.length < 8 || !error.message.includes(shown), 'the message shows what was given as a key')
      }
    }
  },
}

const scenario: Target = {
  name: 'scenario',
  maxBytes: 2_048,
  valid: fc
    .constantFrom(
      {
        nodes: 5,
        duration: '60s',
        seeds: ['n0'],
        settings: { probeInterval: 500 },
        network: { loss: 0.1, latency: { kind: 'uniform', min: 1, max: 40 } },
        steps: [
          { at: 1, do: 'crash', node: 'n1' },
          { at: '2s', do: 'partition', groups: [['n0'], ['n2', 'n3']], for: '5s' },
          { at: 3_000, do: 'links', from: 'n0', change: { cut: 'packets' } },
          { at: 9_000, expect: 'status', node: 'n1', is: 'failed', within: 1_000 },
        ],
      },
      { nodes: 3, snapshots: '5s', steps: [{ at: 1, do: 'restart', node: ['n1', 'n2'], rejoin: true }] },
      {
        steps: [
          { at: 0, do: 'add', node: 'new', via: 'n0' },
          { at: 5, do: 'query', node: 'new', name: 'q' },
        ],
      },
    )
    .map((value) => encoder.encode(JSON.stringify(value))),
  damage: (input, draw) => {
    try {
      return encoder.encode(JSON.stringify(damageValue(JSON.parse(decoder.decode(input)), draw)))
    } catch {
      return input
    }
  },
  check: async (input) => {
    for (const path of ['scenario.json', 'scenario.yaml']) {
      try {
        const { positions, steps } = await parseScenario(path, decoder.decode(input))
        hold(steps.length === positions.length, 'a step without a place in the file')
      } catch (error) {
        if (!(error instanceof CliError)) throw error
        hold(
          error.exitCode === 2 && !error.message.includes('\n'),
          'a bad file takes more than a line to tell',
        )
      }
    }
  },
}

export const smallTargets: readonly Target[] = [lan, coordinate, memberData, heartbeats, key, scenario]
