import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Runtime, runtimes } from '../transports/runtimes.ts'
import type { Truth, Watch } from './invariants/invariant.ts'
import { allInvariants } from './invariants/invariants.ts'
import { Life, type View } from './life.ts'
import { clockLibrary } from './machine.ts'
import { FaultyNetwork, run } from './network.ts'
import { Touched } from './touched.ts'

/** A place for a node: what stays the same from one process to the next. */
export interface Slot {
  readonly index: number
  readonly name: string
  readonly runtime: Runtime
  /** Where the seconds stand by which its wall clock is off; only where it has a clock of its own. */
  readonly clock: string | undefined
  /** Where it keeps what it knows: a disk of its own, of 64 KiB. */
  readonly disk: string | undefined
  readonly services: readonly string[]
}

export interface Violation {
  readonly rule: string
  readonly what: string
  /** Seconds from the start of the run. */
  readonly at: number
}

/** How long a look at all tables waits until the next. */
const lookInterval = 2_000
/** Where this process itself got so late, the machine was too busy to be judged by. */
const starvation = 1_500
const port = 7_946

/** The nodes on their network, what is true of them, and those who watch that the rules hold. */
export class Field implements Truth {
  readonly slots: readonly Slot[]
  readonly lives: Life[] = []
  readonly network: FaultyNetwork
  readonly touched: Touched
  readonly violations: Violation[] = []
  /** Tables that were looked at, and how many of them were of nodes that no fault had touched lately. */
  readonly looks = { all: 0, untouched: 0 }
  /** What was excused, and how often. */
  readonly excused = new Map<string, number>()
  /** What rules were tried with, and how often. */
  readonly tries = new Map<string, number>()
  /** How often, and by how much at most, this process was late: milliseconds. */
  readonly starved = { times: 0, longest: 0 }
  stoodStillAt = 0
  /** Who stands still, and so is not asked. */
  readonly paused = new Set<string>()
  readonly #folder: string
  readonly #log: (line: string) => void
  readonly #began = performance.now()
  readonly #watches: readonly Watch[]
  readonly #current = new Map<string, Life>()
  readonly #looking = new Set<Life>()
  readonly #timers: NodeJS.Timeout[] = []
  #token = ''

  constructor(nodes: number, folder: string, sealed: boolean, key: string, log: (line: string) => void) {
    this.#folder = folder
    this.#log = log
    this.touched = new Touched(() => this.now())
    this.network = new FaultyNetwork(nodes)
    this.#watches = allInvariants.map(({ name, watch }) => watch(this, (what) => this.breach(name, what)))
    this.#token = `token-${key.slice(0, 12)}`
    writeFileSync(join(folder, 'token'), this.#token, { mode: 0o600 })
    if (sealed) writeFileSync(join(folder, 'key'), `${key}\n`, { mode: 0o600 })
    this.sealed = sealed
    this.slots = Array.from({ length: nodes }, (_, index) => this.#slot(index))
    this.#timers.push(
      setInterval(() => this.#look(), lookInterval),
      this.#watchLateness(),
    )
  }

  readonly sealed: boolean

  now(): number {
    return performance.now() - this.#began
  }

  excuse(what: string): void {
    this.excused.set(what, (this.excused.get(what) ?? 0) + 1)
  }

  tried(what: string, times: number): void {
    this.tries.set(what, (this.tries.get(what) ?? 0) + times)
  }

  hears(life: Life): boolean {
    return life.followed
  }

  current(name: string): Life | undefined {
    return this.#current.get(name)
  }

  /** Processes that serve, and are meant to. */
  running(): Life[] {
    return [...this.#current.values()].filter(({ readyAt, running }) => running && readyAt !== undefined)
  }

  log(line: string): void {
    this.#log(`${(this.now() / 1_000).toFixed(1).padStart(7)} s  ${line}`)
  }

  breach(rule: string, what: string): void {
    this.violations.push({ rule, what, at: this.now() / 1_000 })
    this.log(`BROKEN ${rule}: ${what}`)
  }

  /** Starts a node; `seedless`: with nothing but what it remembers. Resolves once it serves. */
  async start(slot: Slot, seedless = false): Promise<Life> {
    const { clock, disk, index, name, runtime, services } = slot
    const address = this.network.address(index)
    const flags = ['--bind', address, '--port', String(port)]
    flags.push('--control', `${this.network.controlAddress(index)}:${port + 10_000}`)
    if (!seedless)
      flags.push('--seed', [0, 1, 2].map((seed) => `${this.network.address(seed)}:${port}`).join(','))
    if (this.sealed) flags.push('--key-file', join(this.#folder, 'key'))
    if (disk !== undefined) flags.push('--data-dir', join(disk, 'data'))
    for (const service of services) flags.push('--service', service)
    flags.push('--tag', `slot=${index}`)
    const over = this.touched.begin([name])
    const life = new Life({
      name,
      runtime,
      prefix: this.network.prefix(index),
      flags,
      env: clock === undefined ? {} : clockEnvironment(clock),
      token: this.#token,
      tokenFile: join(this.#folder, 'token'),
      log: join(this.#folder, `${name}-${this.lives.length}.log`),
      now: () => this.now(),
    })
    this.lives.push(life)
    this.#current.set(name, life)
    void life.exited.then(() => {
      if (this.#current.get(name) === life) this.#current.delete(name)
      for (const watch of this.#watches) watch.ended?.(life)
    })
    try {
      await life.ready
      this.#follow(life)
    } catch {
      // Its end is a breach of its own, unless somebody killed it meanwhile.
      if (life.running)
        this.breach('nobody-ends-by-itself', `${name} (${runtime.name}) does not begin to serve in 60 s`)
    } finally {
      over()
    }
    return life
  }

  async kill(life: Life): Promise<void> {
    life.wanted = 'killed'
    this.#current.delete(life.name)
    life.child.kill('SIGKILL')
    await life.exited
  }

  /** Tells it to leave, and sees to it that it does. */
  async leave(life: Life): Promise<void> {
    life.wanted = 'left'
    this.#current.delete(life.name)
    await this.post(life, '/v1/leave')
    const late = setTimeout(() => {
      this.breach(
        'nobody-ends-by-itself',
        `${life.name} (${life.runtime}) was told to leave, and is there 30 s later`,
      )
      life.child.kill('SIGKILL')
    }, 30_000)
    await life.exited
    clearTimeout(late)
  }

  /** A request that a fault may prevent; returns the status, or undefined where it was prevented. A fault of the node's own is a breach. */
  async post(life: Life, path: string, body: unknown = {}): Promise<number | undefined> {
    try {
      const answer = await life.client.post<unknown>(path, body)
      if (answer.status >= 500 && answer.status !== 503) {
        this.breach(
          'no-fault-of-our-own',
          `${life.name}: POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`,
        )
      }
      return answer.status
    } catch {
      return undefined
    }
  }

  async broadcast(life: Life, body: string): Promise<void> {
    const status = await this.post(life, '/v1/broadcast', { name: 'faults', payload: body })
    if (status === 200) for (const watch of this.#watches) watch.sent?.(life, body)
  }

  /** Waits until all that run hold the same, and the right; the milliseconds that it took, or undefined where it was not within the limit. */
  async agreement(limit: number): Promise<number | undefined> {
    const began = this.now()
    let found: string | undefined = 'nobody was asked'
    while (this.now() - began < limit) {
      const lives = this.running()
      const views = new Map<Life, View>()
      await Promise.all(
        lives.map(async (life) => {
          const view = await life.view().catch(() => undefined)
          if (view !== undefined) views.set(life, view)
        }),
      )
      found = disagreement(lives, views)
      if (found === undefined) {
        for (const watch of this.#watches) watch.rest?.(views)
        this.touched.rest()
        return this.now() - began
      }
      await sleep(500)
    }
    this.breach('all-agree-at-rest', `not within ${limit / 1_000} s: ${found}`)
    return undefined
  }

  /** The run is over. */
  over(): void {
    for (const watch of this.#watches) watch.over?.()
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const open = this.lives.filter(({ running }) => running)
    for (const life of open) {
      life.wanted = 'killed'
      life.child.kill('SIGKILL')
    }
    await Promise.all(open.map(({ exited }) => exited))
  }

  #slot(index: number): Slot {
    const name = `n${index}`
    let clock: string | undefined
    if (index % 5 === 0) {
      clock = join(this.#folder, `${name}.clock`)
      writeFileSync(clock, '+0\n')
    }
    let disk: string | undefined
    if (index % 4 === 1) {
      disk = join(this.#folder, `${name}.disk`)
      mkdirSync(disk)
      run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'swimkit-disk', disk])
    }
    const services = index % 4 === 2 ? ['http:8080', 'metrics'] : []
    return { index, name, runtime: runtimes[index % runtimes.length]!, clock, disk, services }
  }

  #follow(life: Life): void {
    life.follow({
      event: (event) => {
        for (const watch of this.#watches) watch.event?.(life, event)
      },
      broadcast: (body) => {
        for (const watch of this.#watches) watch.broadcast?.(life, body)
      },
      gap: (members) => {
        for (const watch of this.#watches) watch.missed?.(life, members ? 'events' : 'broadcasts')
      },
      broken: () => {
        for (const watch of this.#watches) watch.missed?.(life, 'broadcasts')
      },
    })
  }

  #look(): void {
    for (const life of this.running()) {
      if (this.paused.has(life.name) || this.#looking.has(life)) continue
      this.#looking.add(life)
      life
        .view()
        .then(
          (view) => {
            this.looks.all++
            if (!this.touched.lately(life.name)) this.looks.untouched++
            for (const watch of this.#watches) watch.looked?.(life, view)
          },
          (error: unknown) => {
            if (!life.running || life.wanted !== undefined || this.paused.has(life.name)) return
            for (const watch of this.#watches) watch.silent?.(life, String(error))
          },
        )
        .catch((error: unknown) => this.breach('the-rules-can-be-watched', String(error)))
        .finally(() => this.#looking.delete(life))
    }
  }

  /** A machine that gave this process no time gave the nodes none either: that touches all of them. */
  #watchLateness(): NodeJS.Timeout {
    const every = 250
    let last = performance.now()
    return setInterval(() => {
      const now = performance.now()
      const late = now - last - every
      last = now
      if (late < starvation) return
      this.starved.times++
      this.starved.longest = Math.max(this.starved.longest, late)
      this.stoodStillAt = this.now()
      this.touched.now(this.slots.map(({ name }) => name))
      this.log(`the machine stood still for ${Math.round(late)} ms: all count as touched`)
    }, every)
  }
}

/** What differs from what is so, or undefined. */
function disagreement(lives: readonly Life[], views: ReadonlyMap<Life, View>): string | undefined {
  const digests = new Map<string, string>()
  const detectors = new Set<string>()
  const own = new Map([...views].map(([life, { self }]) => [life.name, self]))
  for (const life of lives) {
    const view = views.get(life)
    if (view === undefined) return `${life.name} does not answer`
    const active = view.members.filter(({ status }) => status === 'alive' || status === 'suspect')
    for (const { boot, name } of lives) {
      const held = view.members.find((member) => member.name === name)
      if (held === undefined) return `${life.name} does not know ${name}, which lives`
      if (held.status !== 'alive') return `${life.name} holds ${name} ${held.status}, and it lives`
      if (held.boot !== boot) return `${life.name} holds another process alive under the name ${name}`
      const { incarnation } = own.get(name) ?? held
      if (held.incarnation !== incarnation) {
        return `${life.name} holds ${name} at ${held.incarnation}, and it is at ${incarnation}`
      }
    }
    const gone = active.find(({ name }) => !lives.some((other) => other.name === name))
    if (gone !== undefined) return `${life.name} holds ${gone.name} ${gone.status}, and it is gone`
    digests.set(view.self.digest, life.name)
    detectors.add(view.self.detector)
  }
  if (detectors.size > 1) return `they run ${[...detectors].join(' and ')}`
  if (digests.size > 1) {
    return `digests differ: ${[...digests].map(([digest, name]) => `${name} has ${digest}`).join(', ')}`
  }
  return undefined
}

/** The monotonic clock stays as it is: that does not jump on any machine. */
function clockEnvironment(file: string): Record<string, string> {
  return {
    LD_PRELOAD: clockLibrary()!, // the machine was prepared
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
}

/** Where a node with a disk saves what it knows. */
export const snapshotOf = ({ disk }: Slot): string => join(disk!, 'data', 'members.snapshot') // asked of those that have one

/** Whether there is a snapshot on its disk. */
export const remembers = (slot: Slot): boolean => slot.disk !== undefined && existsSync(snapshotOf(slot))
