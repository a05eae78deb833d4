import { type Message, type PeerRecord, type Sender, Status } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import fc from 'fast-check'
import { firstBytes, wall } from './engine-under-fire.ts'
import { messageFrom, type Vocabulary } from './messages-from.ts'
import { Program } from './program.ts'
import { hold, type Target } from './target.ts'

const nodes = 4
/** What is made up has to be looked at, one after the other, be suspected, and be told: a few minutes; four times that. */
const recovery = 1_800_000

/**
 * A program of what somebody with the key says to a group of four, under whatever name, by packets and streams. When it is over, all are alive, hold each other alive
 * and agree, within a time that depends on nothing it did.
 */
export const clusterTarget: Target = {
  name: 'cluster',
  maxBytes: 512,
  valid: fc.uint8Array({ minLength: 20, maxLength: 300 }),
  check: (input) => {
    const p = new Program(input)
    const simulation = new Simulation({
      detectors: () => [pingAck(), gossip()],
      keepEvents: false,
      settings: { maxMembers: 16 },
    })
    const all = simulation.populate(nodes)
    const records = all.map(({ engine: { members } }) => members.record(members.self))
    simulation.run(5_000)
    while (!p.ended) act(p, simulation, all, records)
    simulation.until(() => recovered(all, records), recovery)
  },
}

function act(
  p: Program,
  simulation: Simulation,
  all: readonly SimNode[],
  records: readonly PeerRecord[],
): void {
  const now = Math.floor(wall + simulation.now / 1_000)
  const words: Vocabulary = {
    names: [...records.map(({ name }) => name), 'x1', 'x2', 'x3'],
    boots: [...records.map(({ boot }) => boot), 0n, 7n],
    // Nobody answers anywhere else: one that does may take a name, which cannot be held against it.
    addresses: [...records.map(({ address }) => address), { host: '192.0.2.66', port: 666 }],
    numbers: [0, 1, 0xffff_ffff],
    incarnations: [0, now, now + 1, now + 1_000, now + 2 ** 26 - 2 ** 16, now + 2 ** 26, 0xffff_ffff],
    times: [1, 2, 1_000, 2 ** 40, now * 2 ** 20, Number.MAX_SAFE_INTEGER],
    hashes: [firstBytes(new Uint8Array(0)), new Uint8Array(32)],
  }
  if (p.below(4) === 0) return simulation.run(p.pick([1, 50, 200, 1_000, 10_000, 60_000]))
  const target = p.pick(all)
  const name = p.pick(words.names)
  const own = records.find((record) => record.name === name)
  const from: Sender = {
    name,
    boot: own?.boot ?? p.pick(words.boots),
    incarnation: p.pick(words.incarnations),
  }
  const said = Array.from({ length: 1 + p.below(3) }, () => messageFrom(p, words)).filter(isHeldAgainst)
  simulation.call(target, (engine, at) => {
    if (p.below(3) > 0) {
      const parts = said.map((message) => target.codec.encode(message))
      engine.receive(p.pick(words.addresses), target.codec.bundle(from, parts, undefined), at)
    } else for (const message of said) for (const _ of engine.exchange({ sender: from, message }, at));
  })
}

/** A member may switch the detector, to whichever, and nobody but an operator can say that it should not have. */
const isHeldAgainst = (message: Message): boolean =>
  message.type !== 'config' && !(message.type === 'sync' && message.config.epoch > 0)

function recovered(all: readonly SimNode[], records: readonly PeerRecord[]): boolean {
  const [first] = all
  return all.every(({ engine, name }) => {
    hold(engine.lostTo === undefined, `${name} lost its name to nobody`)
    const { members } = engine
    if (members.count(Status.Alive) !== nodes || members.count(Status.Suspect) !== 0) return false
    if (engine.digest !== first!.engine.digest) return false
    return records.every((record) => {
      const ref = members.find(record.name)
      return ref !== undefined && members.record(ref).boot === record.boot
    })
  })
}
