import { type Millis, type Settings, Status } from '@swimkit/core'
import { mostTellings } from './durations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { showClaim, showEntry } from './show.ts'

const retentionOf = (settings: Settings, status: Status): Millis =>
  status === Status.Failed ? settings.failedRetention : settings.leftRetention

/**
 * How long a member that failed or left is kept in a group of n: nobody is forgotten before the news of it has been told as often as any
 * update, a `gossipInterval` apart.
 */
function keptFor(settings: Settings, status: Status, n: number): Millis {
  return Math.max(retentionOf(settings, status), mostTellings(settings, n) * settings.gossipInterval)
}

/** In the largest group that there may have been. */
const longestRetention = ({ processes, settings }: GroundTruth, status: Status): Millis =>
  keptFor(settings, status, processes.length)

/**
 * A member that failed or left stays for its retention, counted from the earliest that anybody is known to have held it so, and no longer:
 * it is removed by the first tick from then on, and by nothing before, unless an operator has it forgotten at once. The group may have grown or shrunk since: it is as
 * large as it is at the removal.
 */
export const retentionIsKept: Invariant = {
  name: 'retention-is-kept',
  rule: 'a member that failed or left is removed when its retention is over, and not before',
  watch: (truth) => ({
    changed(at, before, after) {
      if (before === undefined || after !== undefined) return
      const { name } = before
      // What it was when it was removed, which may be news of this very input.
      const reaped = at.input.events.find(({ record, type }) => type === 'reap' && record.name === name)
      const { incarnation, since, status } = reaped ?? before
      const due = since + keptFor(truth.settings, status, at.sizesDuring[0]!)
      if (status >= Status.Failed && at.input.at >= due - 1e-3) return
      if (status === Status.Left && truth.wasPruned(name, incarnation)) return
      throw new InvariantViolation(
        retentionIsKept,
        `removes it as ${showClaim(status, incarnation)}, ${Math.round(due - at.input.at)} ms early`,
        at.node,
        name,
      )
    },
    settled(at) {
      if (at.input.kind !== 'tick') return
      const { members } = at.node.engine
      const terminal = members.size - members.active
      for (let i = 0; i < terminal; i++) {
        const ref = members.terminalAt(i)
        const status = members.status(ref)
        const due = members.since(ref) + longestRetention(truth, status)
        if (ref === members.self || at.input.at < due) continue
        throw new InvariantViolation(
          retentionIsKept,
          `still holds ${showClaim(status, members.incarnation(ref))}, ${Math.round(at.input.at - due)} ms after its retention`,
          at.node,
          members.name(ref),
        )
      }
    },
  }),
}

/**
 * Nothing past its retention is sent. An age is in whole seconds, rounded down, so what is younger than its retention never shows
 * an older age.
 */
export const nothingPastRetentionIsSent: Invariant = {
  name: 'nothing-past-retention-is-sent',
  rule: 'no table that is sent has a member that failed or left longer ago than its retention',
  watch: (truth) => ({
    settled(at) {
      for (const { age, record, status } of at.input.entries) {
        if (status < Status.Failed || age * 1_000 <= longestRetention(truth, status)) continue
        throw new InvariantViolation(
          nothingPastRetentionIsSent,
          `was sent an entry of ${age} s; the retention is ${longestRetention(truth, status) / 1_000} s`,
          at.node,
          record.name,
        )
      }
    },
  }),
}

/** Of two that hold the same status of a member, both know the longer age once one has told the other. */
export const largerAgeWins: Invariant = {
  name: 'larger-age-wins',
  rule: 'a node that hears that another has held the same status for longer takes that age',
  watch: ({ settings }) => ({
    settled(at) {
      // One that has left meanwhile takes no table any more.
      if (at.input.entries.length === 0 || at.entries === undefined || at.node.leaving) return
      const { members } = at.node.engine
      for (const { age, incarnation, record, status } of at.input.entries) {
        const ref = members.find(record.name)
        if (ref === undefined || ref === members.self || status < Status.Failed) continue
        if (members.status(ref) !== status || members.incarnation(ref) !== incarnation) continue
        const before = at.entries.get(ref)
        // What it took in just now, from a table that it then refused, it need not have heard.
        if (
          before?.status !== status ||
          before.incarnation !== incarnation ||
          age * 1_000 > retentionOf(settings, status)
        )
          continue
        if (members.since(ref) <= at.input.at - age * 1_000 + 1e-3) continue
        throw new InvariantViolation(
          largerAgeWins,
          `holds ${showClaim(status, incarnation)} for ${Math.round(at.input.at - members.since(ref))} ms, and was told of ${age} s`,
          at.node,
          record.name,
        )
      }
    },
  }),
}

/**
 * Whoever comes to hold a member suspect, failed or left, or comes to hold it so at a newer incarnation, does so from that moment: the
 * member has been alive in between. Only a table that has had it for longer moves that moment back.
 */
export const agesBeginAnew: Invariant = {
  name: 'ages-begin-anew',
  rule: 'a node holds a status at an incarnation since it took it, or for as long as a table that it was sent',
  watch: () => ({
    changed(at, before, after) {
      if (after === undefined || after.status === Status.Alive) return
      const { incarnation, name, since, status } = after
      if (before?.status === status && before.incarnation === incarnation) return
      let age: Millis = 0
      for (const entry of at.input.entries) {
        if (entry.record.name !== name || entry.status !== status || entry.incarnation !== incarnation)
          continue
        age = Math.max(age, entry.age * 1_000)
      }
      if (since >= at.input.at - age - 1e-3) return
      throw new InvariantViolation(
        agesBeginAnew,
        `held ${showEntry(before)}, and holds ${showEntry(after)} for ${Math.round(at.input.at - since)} ms already`,
        at.node,
        name,
      )
    },
  }),
}
