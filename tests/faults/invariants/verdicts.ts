import type { MemberEventView } from '../control-feed.ts'
import type { Life } from '../life.ts'
import { aftermath } from '../touched.ts'
import type { Breach, Invariant, Truth } from './invariant.ts'
import { show } from './precedence.ts'

/** After so long it is known who else said so. */
const hearsay = 15_000

interface Verdict {
  readonly at: Life
  readonly event: MemberEventView
  readonly when: number
}

/**
 * Of a member that lives and was not touched by a fault, no node that was not touched either says first that it failed. Excused: what a node repeats that a touched one said, which
 * may be cut off, late or unlucky, and whose word counts all the same until the member refutes it; and whatever may have been said by a process that was killed before it told us.
 * Without a fault anywhere there is no excuse at all.
 */
export const theUntouchedDoNotFail: Invariant = {
  name: 'verdicts-have-grounds',
  rule: 'a member that lives and that no fault touches is not failed by nodes that no fault touches',
  watch: (truth, breach) => {
    const said: Verdict[] = []
    let open: Verdict[] = []
    return {
      event(at, event) {
        if (event.type !== 'failed') return
        const verdict = { at, event, when: truth.now() }
        said.push(verdict)
        if (isUntouchedPair(truth, at, event.member.name, event.member.boot)) open.push(verdict)
      },
      looked() {
        const due = truth.now() - hearsay
        for (const verdict of open.filter(({ when }) => when <= due)) {
          if (isExcused(truth, verdict, said)) {
            truth.excuse('verdicts on members that live, which touched nodes gave and others repeated')
          } else {
            breach(
              `${verdict.at.name} fails ${show(verdict.event.member)}, and neither was touched by a fault`,
            )
          }
        }
        open = open.filter(({ when }) => when > due)
        while (said.length > 0 && said[0]!.when < due - aftermath) said.shift()
      },
    }
  },
}

function isUntouchedPair(truth: Truth, at: Life, name: string, boot: string): boolean {
  const life = truth.current(name)
  if (life === undefined || life.boot !== boot || !life.running) return false
  return !truth.touched.lately(at.name) && !truth.touched.lately(name)
}

function isExcused(truth: Truth, { at, event, when }: Verdict, said: readonly Verdict[]): boolean {
  const { boot, incarnation, name } = event.member
  // It may have ended before we were told of the verdict. What else was done since to these two is no excuse.
  if (truth.current(name)?.boot !== boot || at.endedAt !== undefined) return true
  const repeated = said.some(
    ({ at: other, event: theirs }) =>
      theirs.member.name === name &&
      theirs.member.incarnation === incarnation &&
      truth.touched.lately(other.name, when),
  )
  const unseen = truth.lives.some(
    ({ endedAt, name: other }) => other !== name && endedAt !== undefined && endedAt > when - aftermath,
  )
  // One that stands still, or whose connection broke, tells later.
  const later = truth.lives.some(
    (life) => life.running && truth.touched.since(life.name) === Number.POSITIVE_INFINITY,
  )
  return repeated || unseen || later
}

/** A member that was failed by mistake refutes within so long, where nothing hinders it. */
const refuted = 30_000

/** Whoever lives and is not touched is held alive or suspect by all that are not touched either; a mistake that others made is over soon. */
export const theLivingAreHeldAlive: Invariant = {
  name: 'members-refute',
  rule: `a member that lives, and that no fault touches, is not held failed for longer than ${refuted / 1_000} s`,
  watch: (truth, breach) =>
    heldFor(truth, breach, refuted, (status) => status === 'failed' || status === undefined, aftermath),
}

/** How long nodes that nothing hinders may take to find a member that is gone, and to tell all: 5 to 8 s as a rule, three times that where its port says nothing. */
const found = 60_000

/** Whoever is gone is found, by all that are not touched by a fault. */
export const theDeadAreFound: Invariant = {
  name: 'the-dead-are-found',
  rule: `a process that is killed is failed at all that live within ${found / 1_000} s in which no fault touches these`,
  watch: (truth, breach) => {
    const since = new Map<Life, Map<string, number>>()
    return {
      looked(at, { members }) {
        const active = new Map(members.map((member) => [member.name, member]))
        const mine = since.get(at) ?? new Map<string, number>()
        since.set(at, mine)
        for (const dead of truth.lives) {
          const member = active.get(dead.name)
          const key = `${dead.name} ${dead.boot}`
          const isHeld =
            member?.boot === dead.boot && (member.status === 'alive' || member.status === 'suspect')
          if (dead.endedAt === undefined || !isHeld) {
            mine.delete(key)
            continue
          }
          const from = Math.max(dead.endedAt, truth.touched.since(at.name))
          if (truth.now() - from > found) {
            breach(`${at.name} holds ${show(member)} ${seconds(truth.now() - dead.endedAt)} s after it ended`)
          }
        }
      },
    }
  },
}

/** That no untouched node holds an untouched one so for longer than a limit. */
function heldFor(
  truth: Truth,
  breach: Breach,
  limit: number,
  wrong: (status: string | undefined) => boolean,
  untouchedFor: number,
) {
  const since = new WeakMap<Life, Map<string, number>>()
  return {
    looked(
      at: Life,
      { members }: { readonly members: readonly { name: string; status: string; boot: string }[] },
    ) {
      const mine = since.get(at) ?? new Map<string, number>()
      since.set(at, mine)
      const now = truth.now()
      const isClear = (name: string): boolean => now - truth.touched.since(name) >= untouchedFor
      for (const life of truth.lives) {
        const held = members.find(({ name }) => name === life.name)
        const counts =
          truth.current(life.name) === life &&
          life.running &&
          life.wanted === undefined &&
          life.readyAt !== undefined
        if (!counts || !isClear(life.name) || !isClear(at.name) || !wrong(held?.status)) {
          mine.delete(life.boot)
          continue
        }
        const from = mine.get(life.boot) ?? now
        mine.set(life.boot, from)
        if (now - from > limit) {
          breach(
            `${at.name} has held ${life.name}, which lives, ${held?.status ?? 'unknown'} for ${seconds(now - from)} s`,
          )
        }
      }
    },
  }
}

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(1)
