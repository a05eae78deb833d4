import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MemberEventView } from '../faults/control-feed.ts'
import { Life } from '../faults/life.ts'
import { runtimes } from '../transports/runtimes.ts'

export interface Told {
  readonly by: Life
  readonly event: MemberEventView
  readonly at: number
}

/** A group on loopback, on the three runtimes in turns, and all that its members tell. */
export class Group {
  readonly lives: Life[] = []
  readonly told: Told[] = []
  /** Who ended though nobody wanted it to, and of whom events are missing: a verdict may be among them. */
  readonly faults: string[] = []
  readonly token = 'token-of-the-load-test'
  readonly #folder: string
  readonly key: string
  readonly #began = performance.now()
  #started = 0

  /** `key`: seals what they say to each other; none: nothing does. */
  constructor(folder: string, key = '') {
    this.#folder = folder
    this.key = key
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'token'), this.token, { mode: 0o600 })
    if (key !== '') writeFileSync(join(folder, 'key'), `${key}\n`, { mode: 0o600 })
    // However this process ends, they end with it.
    process.on('exit', () => this.#kill())
  }

  now(): number {
    return performance.now() - this.#began
  }

  get running(): Life[] {
    return this.lives.filter((life) => life.running && life.wanted === undefined)
  }

  async form(members: number): Promise<void> {
    const first = await this.add()
    const seed = await addressOf(first)
    for (let i = 1; i < members; i += 3) {
      await Promise.all(Array.from({ length: Math.min(3, members - i) }, () => this.add(seed)))
    }
    await this.agreement(60_000)
  }

  async add(seed?: string): Promise<Life> {
    const number = this.#started++
    const name = `m${number}`
    const flags = ['--bind', '127.0.0.1', '--port', '0']
    if (seed !== undefined) flags.push('--seed', seed)
    if (this.key !== '') flags.push('--key-file', join(this.#folder, 'key'))
    const life = new Life({
      name,
      runtime: runtimes[number % runtimes.length]!,
      flags,
      token: this.token,
      tokenFile: join(this.#folder, 'token'),
      log: join(this.#folder, `${name}.log`),
      now: () => this.now(),
    })
    this.lives.push(life)
    void life.exited.then((code) => {
      if (life.wanted === 'killed' || (life.wanted === 'left' && code === 0)) return
      this.faults.push(
        `${name} (${life.runtime}) ended with ${code}: ${life.logged().trimEnd().split('\n').at(-1)}`,
      )
    })
    await life.ready
    life.follow({
      event: (event) => this.told.push({ by: life, event, at: this.now() }),
      broadcast: () => undefined,
      gap: (members) => {
        if (members) this.faults.push(`${name} (${life.runtime}) tells that events of members are missing`)
      },
      broken: () => undefined,
    })
    return life
  }

  async leave(life: Life): Promise<void> {
    life.wanted = 'left'
    await life.client.post('/v1/leave')
    await life.exited
  }

  /** Whom it held failed though it lived, as they told: who, whom, and when. */
  mistakes(): Told[] {
    return this.told.filter(({ at, event }) => {
      const life = this.lives.find(({ boot }) => boot === event.member.boot)
      return event.type === 'failed' && life !== undefined && (life.endedAt ?? Number.POSITIVE_INFINITY) > at
    })
  }

  /** Until all that run hold the same members alive, and nobody else. Throws where that is not within the limit. */
  async agreement(limit: number): Promise<number> {
    const began = this.now()
    let seen = ''
    while (this.now() - began < limit) {
      const lives = this.running
      const wanted = lives
        .map(({ name }) => name)
        .toSorted()
        .join(' ')
      const views = await Promise.all(lives.map((life) => life.view().catch(() => undefined)))
      const held = views.map((view) =>
        view?.members
          .filter(({ status }) => status === 'alive')
          .map(({ name }) => name)
          .toSorted()
          .join(' '),
      )
      const digests = new Set(views.map((view) => view?.self.digest))
      if (held.every((each) => each === wanted) && digests.size === 1) return this.now() - began
      seen = lives.map(({ name }, i) => `${name}: ${held[i] ?? 'no answer'}`).join('; ')
      await sleep(250)
    }
    throw new Error(`no agreement within ${limit / 1_000} s: ${seen}`)
  }

  async close(): Promise<void> {
    await Promise.all(this.#kill().map(({ exited }) => exited))
  }

  #kill(): readonly Life[] {
    const open = this.lives.filter(({ running }) => running)
    for (const life of open) {
      life.wanted = 'killed'
      life.child.kill('SIGKILL')
    }
    return open
  }
}

export async function addressOf(life: Life): Promise<string> {
  return (await life.view(30_000)).self.address
}
