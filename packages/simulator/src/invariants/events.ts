import { type EngineEvent, type EngineEventType, type Millis, Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Entry, Process } from './process.ts'
import { showEntry } from './show.ts'

/** From which statuses an event of a type leads to which; undefined stands for a member that is not known. */
const transitions: Partial<
  Record<EngineEventType, { from: readonly (Status | undefined)[]; to: Status | undefined }>
> = {
  join: { from: [undefined, Status.Failed, Status.Left], to: Status.Alive },
  alive: { from: [Status.Suspect], to: Status.Alive },
  suspect: { from: [Status.Alive, Status.Failed, Status.Left], to: Status.Suspect },
  failed: { from: [Status.Alive, Status.Suspect, Status.Left], to: Status.Failed },
  leave: { from: [Status.Alive, Status.Suspect, Status.Failed], to: Status.Left },
  reap: { from: [Status.Failed, Status.Left], to: undefined },
}

/**
 * Events come one per change, in order per member, after it was committed: whoever follows them from the beginning knows the status
 * of every member. And their instants never go back.
 */
export const eventsTellTheTable: Invariant = {
  name: 'events-tell-the-table',
  rule: 'the events of a member lead, step by step, from the status it had to the one it has',
  watch: () => {
    const latest = new WeakMap<Process, Millis>()
    const breach = (at: Process, about: string, what: string) =>
      new InvariantViolation(eventsTellTheTable, what, at.node, about)

    /** Where the events of this input lead, member by member. */
    function follow(at: Process, entries: ReadonlyMap<Entry['ref'], Entry>): Map<string, Told> {
      const told = new Map<string, Told>()
      for (const event of at.input.events) {
        const { name } = event.record
        const before = told.get(name)?.status ?? statusIn(entries, name)
        const step = transitions[event.type]
        const status: Status | 'unknown' = step === undefined ? before : (step.to ?? 'unknown')
        if (step !== undefined && !step.from.includes(before === 'unknown' ? undefined : before)) {
          throw breach(at, name, `reports ${event.type} of a member that was ${show(before)}`)
        }
        if (status !== 'unknown' && event.status !== status) {
          throw breach(at, name, `reports ${event.type} and in it the status ${show(event.status)}`)
        }
        const last = latest.get(at)
        if (last !== undefined && event.at < last) {
          throw breach(at, name, `reports ${event.type} at ${event.at}, after something at ${last}`)
        }
        latest.set(at, event.at)
        told.set(name, { status, event })
      }
      return told
    }

    return {
      settled(at) {
        if (at.entries === undefined || at.input.events.length === 0) return
        const told = follow(at, at.entries)
        const { members } = at.node.engine
        for (const [name, { event, status }] of told) {
          const ref = members.find(name)
          const held = ref === undefined ? 'unknown' : members.status(ref)
          if (held === status) continue
          throw breach(at, name, `last reported ${event.type}, and holds it ${show(held)}`)
        }
      },
      changed(at, before, after) {
        if (before?.status === after?.status) return
        const name = (after ?? before)!.name
        if (at.input.events.some(({ record, type }) => record.name === name && type in transitions)) return
        throw breach(at, name, `held ${showEntry(before)}, now ${showEntry(after)}, and reported nothing`)
      },
    }
  },
}

interface Told {
  readonly status: Status | 'unknown'
  readonly event: EngineEvent
}

function statusIn(entries: ReadonlyMap<Entry['ref'], Entry>, name: string): Status | 'unknown' {
  for (const entry of entries.values()) if (entry.name === name) return entry.status
  return 'unknown'
}

const show = (status: Status | 'unknown'): string =>
  status === 'unknown' ? 'unknown' : (['alive', 'suspect', 'failed', 'left'] as const)[status]
