import { describe, expect, test } from 'vitest'
import { formatAddress } from '../model/address.ts'
import { Status } from '../model/status.ts'
import { tableOf } from '../wire/testing/samples.ts'
import type { NodeOptions } from './api.ts'
import { addressesOf } from './saved-state.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import { type Made, make, rejection, seed } from './testing/cluster.ts'
import { World } from './testing/world.ts'

/** A store in memory, which outlives its node. */
class Disk implements SnapshotStore {
  content: Uint8Array | undefined
  aside: Uint8Array | undefined
  saves = 0
  fault: Error | undefined
  /** Saves end when this does. */
  flushed: Promise<void> = Promise.resolve()
  #open = 0

  async load(): Promise<Uint8Array | undefined> {
    if (this.fault !== undefined) throw this.fault
    return this.content
  }

  async save(bytes: Uint8Array): Promise<void> {
    expect(++this.#open).toBe(1)
    try {
      await this.flushed
      if (this.fault !== undefined) throw this.fault
      this.content = bytes.slice()
      this.saves++
    } finally {
      this.#open--
    }
  }

  async setAside(): Promise<string> {
    this.aside = this.content
    this.content = undefined
    return 'elsewhere'
  }
}

const began = async (world: World, port: number, disk: Disk, options: Partial<NodeOptions> = {}) => {
  const made = make(world, port, { snapshots: disk, ...options })
  await made.node.start()
  return made
}

/** Three that know each other, with what each has saved. */
async function three(world: World): Promise<{ all: Made[]; disks: Disk[] }> {
  const disks = [new Disk(), new Disk(), new Disk()]
  const all: Made[] = []
  for (const [i, disk] of disks.entries()) all.push(await began(world, 1 + i, disk))
  for (const each of all.slice(1)) await world.outcome(each.node.join([seed(all[0]!)]))
  await world.run(20_000)
  return { all, disks }
}

describe('a node with a store', () => {
  test('finds the others again by what it has saved', async () => {
    const world = new World()
    const { all, disks } = await three(world)
    const earlier = all[2]!.node.self.incarnation
    await all[2]!.node.stop()
    const again = await began(world, 3, disks[2]!)
    expect(again.node.remembered.toSorted()).toEqual(['10.0.0.1:1', '10.0.0.1:2'])
    expect(again.node.self.incarnation).toBeGreaterThan(earlier)
    // By itself, as it tries those that it misses, although it was given no seed.
    await world.run(60_000)
    for (const { node } of [all[0]!, all[1]!, again]) expect(node.counts().alive).toBe(3)
  })

  test('remembers those that left last, and those that failed as such', async () => {
    const world = new World()
    const { all, disks } = await three(world)
    await world.outcome(all[1]!.node.leave())
    await world.run(20_000)
    await all[0]!.node.stop()
    const again = await began(world, 1, disks[0]!)
    expect(again.node.remembered).toEqual(['10.0.0.1:3', '10.0.0.1:2'])
    expect(again.node.member('n2')?.status).toBe('left')
    expect(again.node.counts()).toMatchObject({ alive: 1, left: 1 })
  })

  test('says what it is above its last life, even where its clock was set back', async () => {
    const world = new World()
    const disk = new Disk()
    const first = await began(world, 1, disk)
    const { incarnation } = first.node.self
    await first.node.stop()
    const { host } = world
    const back = { ...host, wallMillis: () => host.wallMillis() - 86_400_000 }
    const again = await began(world, 1, disk, { host: back })
    expect(again.node.self.incarnation).toBe(incarnation + 1)
    await again.node.stop()
    // Another name has another history.
    const other = await began(world, 1, disk, { host: back, name: 'other' })
    expect(other.node.self.incarnation).toBe(incarnation - 86_400)
  })

  test('says nothing that nobody would believe, where its clock was years ahead in its last life', async () => {
    const world = new World()
    const disk = new Disk()
    const { host } = world
    const threeYears = 3 * 365 * 86_400_000
    const ahead = { ...host, wallMillis: () => host.wallMillis() + threeYears }
    const first = await began(world, 1, disk, { host: ahead })
    const { incarnation } = first.node.self
    await first.node.stop()
    const again = await began(world, 1, disk)
    expect(again.node.self.incarnation).toBe(incarnation - threeYears / 1_000)
    const other = await began(world, 2, new Disk())
    expect((await world.outcome(again.node.join([seed(other)]))).failed).toEqual([])
    await world.run(5_000)
    expect(other.node.counts().alive).toBe(2)
  })

  test('saves soon after a change, what changes together at once, and no more often than each five seconds', async () => {
    const world = new World()
    const disk = new Disk()
    const { node } = await began(world, 1, disk)
    await world.run(600)
    expect(disk.saves).toBe(1)
    await world.run(60_000)
    expect(disk.saves).toBe(1)
    for (let i = 0; i < 100; i++) {
      await world.outcome(node.setTags({ i: String(i) }))
      await world.run(100)
    }
    expect(disk.saves).toBeGreaterThanOrEqual(3)
    expect(disk.saves).toBeLessThanOrEqual(5)
    const before = disk.saves
    await world.outcome(node.setTags({ last: 'one' }))
    await node.stop()
    expect(disk.saves).toBe(before + 1)
  })

  test('waits for a slow store, and does not give it two things at once', async () => {
    const world = new World()
    const disk = new Disk()
    let flush = (): void => undefined
    disk.flushed = new Promise((resolve) => {
      flush = resolve
    })
    const { node } = await began(world, 1, disk)
    await world.run(30_000)
    await world.outcome(node.setTags({ a: 'b' }))
    const stopped = node.stop()
    await world.run(10_000)
    expect(disk.saves).toBe(0)
    flush()
    await world.outcome(stopped)
    expect(disk.saves).toBe(2)
  })

  test('goes on where nothing can be saved, says so once, and tries again', async () => {
    const world = new World()
    const disk = new Disk()
    const { logged, node } = await began(world, 1, disk)
    disk.fault = new Error('no space left')
    await world.run(60_000)
    const said = (text: string) => logged.filter((line) => line.includes(text)).length
    expect(said('the snapshot could not be saved')).toBe(1)
    expect(node.stats().engine.snapshotFailures).toBeGreaterThan(5)
    disk.fault = undefined
    await world.run(10_000)
    expect([said('snapshots are saved again'), disk.saves]).toEqual([1, 1])
  })

  test.each([
    ['is torn', (bytes: Uint8Array) => bytes.subarray(0, 40), /it is cut off after 40 bytes/],
    ['is damaged', (bytes: Uint8Array) => bytes.with(60, bytes[60]! ^ 1), /checksum does not match/],
    ['is empty', () => new Uint8Array(0), /it is empty/],
  ])('starts without a snapshot that %s, which is set aside', async (_, spoil, reason) => {
    const world = new World()
    const disk = new Disk()
    await (await began(world, 1, disk)).node.stop()
    const spoilt = spoil(disk.content!)
    disk.content = spoilt
    const { logged, node } = await began(world, 1, disk)
    expect(node.state).toBe('running')
    expect(disk.aside).toBe(spoilt)
    expect(logged.filter((line) => line.startsWith('warn: the snapshot cannot be used'))).toEqual([
      expect.stringMatching(reason),
    ])
    await world.run(1_000)
    expect(disk.saves).toBe(2)
  })

  test('has nothing to do with what another cluster has saved', async () => {
    const world = new World()
    const { all, disks } = await three(world)
    await all[0]!.node.stop()
    const { logged, node } = await began(world, 1, disks[0]!, { cluster: 'other' })
    expect([node.remembered, node.counts().alive]).toEqual([[], 1])
    expect(logged).toContain('warn: the snapshot cannot be used: cluster is "default", ours is "other"')
  })

  test('remembers 1,024 addresses at most, those of the living first', () => {
    const all = tableOf(1_025).entries
    const members = (count: number) =>
      all.slice(0, count).map((each, i) => ({ ...each, status: i === 0 ? Status.Left : Status.Alive }))
    const remembered = (count: number): string[] =>
      addressesOf({
        sender: { name: 'me', boot: 1n, incarnation: 1 },
        savedAt: 0,
        clock: 0,
        heard: [],
        members: members(count),
        addresses: [],
      })
    const [left] = all
    const first = formatAddress(left!.record.address)
    expect([remembered(1_024).length, remembered(1_024).at(-1)]).toEqual([1_024, first])
    expect([remembered(1_025).length, remembered(1_025).includes(first)]).toEqual([1_024, false])
  })

  test('does not start where its store cannot be read, and gives its port back', async () => {
    const world = new World()
    const disk = new Disk()
    disk.fault = new Error('a folder that nobody may read')
    const { node } = make(world, 1, { snapshots: disk })
    expect(await rejection(node.start())).toBe(disk.fault)
    expect(node.state).toBe('stopped')
    disk.fault = undefined
    expect((await began(world, 1, disk)).node.state).toBe('running')
  })

  test('is stopped while it reads: it does not start after all', async () => {
    const world = new World()
    const disk = new Disk()
    let read = (): void => undefined
    disk.load = () =>
      new Promise((resolve) => {
        read = () => resolve(undefined)
      })
    const { node } = make(world, 1, { snapshots: disk })
    const starting = rejection(node.start())
    await world.settle()
    await node.stop()
    read()
    expect(await starting).toMatchObject({ name: 'StoppedError' })
    expect(disk.saves).toBe(0)
  })
})
