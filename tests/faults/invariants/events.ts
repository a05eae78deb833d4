import type { MemberView } from '../control-feed.ts'
import type { Life } from '../life.ts'
import type { Invariant } from './invariant.ts'

type Held = MemberView['status'] | 'unknown'

/** From which statuses an event leads to which: the table of the simulator's rule of this name. */
const transitions: Readonly<Record<string, { readonly from: readonly Held[]; readonly to: Held }>> = {
  join: { from: ['unknown', 'failed', 'left'], to: 'alive' },
  alive: { from: ['suspect'], to: 'alive' },
  suspect: { from: ['alive', 'failed', 'left'], to: 'suspect' },
  failed: { from: ['alive', 'suspect', 'left'], to: 'failed' },
  leave: { from: ['alive', 'suspect', 'failed'], to: 'left' },
  reap: { from: ['failed', 'left'], to: 'unknown' },
}

/** Table and events come on two connections, of which one may be late, as where the machine is busy. Milliseconds. */
const lag = 10_000

/**
 * One event per change, without a hole in their numbers, and whoever follows them from the first one knows the table. Excused: the first event about a member that
 * a process remembers of its last life (`--data-dir`), of which it tells nothing; and whatever comes first after events were missed.
 */
export const eventsTellTheTable: Invariant = {
  name: 'events-tell-the-table',
  rule: 'the events of a member lead, step by step, from the status it had to the one it has',
  watch: (truth, breach) => {
    const told = new WeakMap<Life, Told>()
    const of = (at: Life) => {
      const known = told.get(at) ?? begin(at)
      told.set(at, known)
      return known
    }
    return {
      event(at, { id, member, type }) {
        const known = of(at)
        if (known.id !== undefined && id !== known.id + 1)
          breach(`${at.name} tells event ${id} after ${known.id}`)
        known.id = id
        const step = transitions[type]
        if (step === undefined) return
        const before = known.held.get(member.name) ?? (known.whole ? 'unknown' : undefined)
        if (before !== undefined && !step.from.includes(before)) {
          breach(`${at.name} tells ${type} of ${member.name}, which was ${before}`)
        }
        if (step.to !== 'unknown' && member.status !== step.to) {
          breach(`${at.name} tells ${type} of ${member.name}, and in it the status ${member.status}`)
        }
        known.held.set(member.name, step.to)
      },
      missed(at, what) {
        if (what === 'events') told.set(at, beginAnew())
      },
      looked(at, { members }) {
        const { differs, held, whole } = of(at)
        const now = truth.now()
        const shown = new Map<string, Held>(members.map(({ name, status }) => [name, status]))
        // Also those that are held and not shown: whoever vanishes is reaped, and that is told.
        for (const name of new Set([...shown.keys(), ...held.keys()])) {
          const status = shown.get(name) ?? 'unknown'
          const last = held.get(name) ?? (whole ? 'unknown' : status)
          const what = `shows ${name} ${status}, and its events lead to ${last}`
          const known = differs.get(name)
          if (last === status) differs.delete(name)
          else if (known?.what !== what || now - known.seen > lag / 2)
            differs.set(name, { what, since: now, seen: now })
          else if (now - known.since > lag) {
            breach(`${at.name} ${what} for ${((now - known.since) / 1_000).toFixed(1)} s`)
            told.set(at, beginAnew())
            return
          } else known.seen = now
        }
      },
    }
  },
}

interface Told {
  /** Of the event that came last; undefined: whichever comes first. */
  id: number | undefined
  /** Whether nothing was held before the first event, but itself. */
  whole: boolean
  readonly held: Map<string, Held>
  /** Where its table shows something else, since when; whoever is not asked, as it stands still, does not count as seen. */
  readonly differs: Map<string, { readonly what: string; readonly since: number; seen: number }>
}

const begin = (at: Life): Told => ({
  id: 0,
  whole: !remembers(at),
  held: new Map([[at.name, 'alive']]),
  differs: new Map(),
})

/** Whatever is shown or told next is how it is. */
const beginAnew = (): Told => ({ id: undefined, whole: false, held: new Map(), differs: new Map() })

const remembers = (life: Life): boolean => life.child.spawnargs.includes('--data-dir')
