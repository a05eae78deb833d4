import type { MemberEventView, MemberView } from '../control-feed.ts'
import type { Life } from '../life.ts'
import { aftermath } from '../touched.ts'
import type { Invariant, Truth } from './invariant.ts'
import { show } from './precedence.ts'

/** After so long it is known who else said so. */
const hearsay = 15_000
/** Two that tell the same come on two connections, of which one may be late. */
const lag = 1_000

interface Verdict {
  readonly at: Life
  readonly event: MemberEventView
  readonly when: number
  /** Whether the member was gone by then, or a fault had touched it or whoever gives the verdict. */
  readonly hasGrounds: boolean
  /** Whether another node that a fault had touched ran by then, and could not tell us that it had said so before. */
  readonly maybeRepeated: boolean
}

/**
 * Of a member that lives and was not touched by a fault, no node that was not touched either says first that it failed. Excused: what a node repeats that a touched one said, which
 * may be cut off, late or unlucky, and whose word counts all the same until the member refutes it; and whatever may have been said by a touched one that could not tell us: nothing followed it
 * then, or it ended in that moment. One that stands still has told what it said, and says nothing until it goes on. Without a fault anywhere there is no excuse at all, but for a machine that stood still.
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
        const { boot, name } = event.member
        const verdict = {
          at,
          event,
          when: truth.now(),
          hasGrounds: !isUntouchedPair(truth, at, name, boot),
          maybeRepeated: truth.lives.some(
            (life) => life !== at && life.running && truth.touched.lately(life.name) && !truth.hears(life),
          ),
        }
        said.push(verdict)
        if (!verdict.hasGrounds) open.push(verdict)
      },
      looked() {
        const due = truth.now() - hearsay
        for (const verdict of open.filter(({ when }) => when <= due)) {
          if (isExcused(truth, verdict.event.member, said)) {
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

/** It depends on who said so first, and on what was so then: what is done to any of them afterwards is no excuse. */
function isExcused(truth: Truth, { incarnation, name }: MemberView, said: readonly Verdict[]): boolean {
  const same = said.filter(
    ({ event: { member } }) => member.name === name && member.incarnation === incarnation,
  )
  const { maybeRepeated, when } = same[0]! // what is asked about is one of them
  const repeated = same.some((other) => other.hasGrounds && other.when <= when + lag)
  // It may have said so last, and have ended before it told us.
  const lost = truth.lives.some(
    ({ endedAt }) => endedAt !== undefined && endedAt > when - lag && endedAt <= when + lag,
  )
  return repeated || maybeRepeated || lost || truth.stoodStillAt > when
}

/** A member that was failed by mistake refutes within so long, where nothing hinders it. */
const refuted = 30_000

/** Whoever lives and is not touched is held alive or suspect by all that are not touched either; a mistake that others made is over soon. */
export const theLivingAreHeldAlive: Invariant = {
  name: 'members-refute',
  rule: `a member that lives, and that no fault touches, is not held failed for longer than ${refuted / 1_000} s`,
  watch: (truth, breach) => {
    const since = new WeakMap<Life, Map<string, number>>()
    return {
      looked(at, { members }) {
        const mine = since.get(at) ?? new Map<string, number>()
        since.set(at, mine)
        const now = truth.now()
        for (const life of truth.lives) {
          const held = members.find(({ name }) => name === life.name)
          const counts =
            truth.current(life.name) === life &&
            life.running &&
            life.wanted === undefined &&
            life.readyAt !== undefined
          const isWrong = held === undefined || held.status === 'failed'
          if (!counts || truth.touched.lately(life.name) || truth.touched.lately(at.name) || !isWrong) {
            mine.delete(life.boot)
            continue
          }
          const from = mine.get(life.boot) ?? now
          mine.set(life.boot, from)
          if (now - from > refuted) {
            breach(
              `${at.name} has held ${life.name}, which lives, ${held?.status ?? 'unknown'} for ${seconds(now - from)} s`,
            )
          }
        }
      },
    }
  },
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

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(1)
