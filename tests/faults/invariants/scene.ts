import type { MemberEventView, MemberView } from '../control-feed.ts'
import type { Life, View } from '../life.ts'
import { Touched } from '../touched.ts'
import type { Invariant, Truth, Watch } from './invariant.ts'

/** What an invariant sees, made up: to try that it notices what it is there for. */
export class Scene implements Truth {
  readonly lives: Life[] = []
  readonly breaches: string[] = []
  readonly excused: string[] = []
  readonly tries: Record<string, number> = {}
  readonly unheard = new Set<Life>()
  readonly touched = new Touched(() => this.at)
  readonly watch: Watch
  stoodStillAt = 0
  /** Milliseconds; long enough after the start that nobody counts as new. */
  at = 1_000_000
  #events = 0

  constructor(invariant: Invariant) {
    this.watch = invariant.watch(this, (what) => this.breaches.push(what))
  }

  now(): number {
    return this.at
  }

  excuse(what: string): void {
    this.excused.push(what)
  }

  tried(what: string, times: number): void {
    this.tries[what] = (this.tries[what] ?? 0) + times
  }

  hears(life: Life): boolean {
    return !this.unheard.has(life)
  }

  current(name: string): Life | undefined {
    return this.lives.findLast((life) => life.name === name && life.wanted === undefined && life.running)
  }

  /** A process that has long served. */
  live(name: string, change: Partial<Record<keyof Life, unknown>> = {}): Life {
    // Of a process, the invariants look at these alone.
    const life = {
      ...{ name, runtime: 'node', boot: `boot-${name}`, running: true, readyAt: 0, log: name },
      ...{ child: { spawnargs: [] }, logged: () => '', usage: () => ({ memory: 0, descriptors: 10 }) },
      ...change,
    } as unknown as Life
    this.lives.push(life)
    return life
  }

  end(life: Life, wanted: Life['wanted'], code: number): void {
    Object.assign(life, { running: false, ended: code, endedAt: this.at, wanted })
    this.watch.ended?.(life)
  }

  event(by: Life, type: string, about: MemberView, id = ++this.#events): void {
    const event: MemberEventView = { id, type, member: about, at: '' }
    this.watch.event?.(by, event)
  }

  /** It shows these, once in two seconds for so long. */
  show(by: Life, members: readonly MemberView[], lasting = 0): void {
    for (const end = this.at + lasting; ; this.at += 2_000) {
      // Nothing but the members is looked at.
      this.watch.looked?.(by, { members } as View)
      if (this.at >= end) return
    }
  }
}

export const member = (
  name: string,
  status: MemberView['status'] = 'alive',
  incarnation = 1,
  boot = `boot-${name}`,
): MemberView => ({ name, status, incarnation, boot, address: '', leaving: false, tags: {} })
