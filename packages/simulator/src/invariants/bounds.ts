import { Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'

/** Timers that a node has whatever goes on: gossip, urgent gossip, sync, strangers, settling, rejoin, refute, leave, and the detector's period and look. */
const standingTimers = 10

/**
 * Memory is bounded by the members: a node has its standing timers, one for each suspect and for each member that failed or left, one
 * for each ping of its own and two for each that it relays. One member at a time is looked at, by itself, by a stream and by
 * helpers; every other member may ask this node to help at the same time, for each look of a period that the
 * longest relay outlasts; and an introduction or a contest has four pings.
 */
export const memoryIsBounded: Invariant = {
  name: 'memory-is-bounded',
  rule: 'the timers of a node are bounded by its members, and its queue by two updates of each',
  watch: ({ processes, settings }) => ({
    settled(at) {
      // Often enough for what grows.
      if (at.input.kind !== 'tick' || at.input.events.length > 0) return
      const { backlog, members, timers } = at.node.engine
      const others = processes.length
      const looks = 2 + settings.indirectProbes
      const most =
        standingTimers +
        members.count(Status.Suspect) +
        (members.size - members.active) +
        looks +
        2 * (settings.healthMax + 1) * others +
        6 * others
      if (timers <= most && backlog <= 2 * members.size) return
      throw new InvariantViolation(
        memoryIsBounded,
        timers > most
          ? `has ${timers} timers; ${most} are enough for ${members.size} members`
          : `has ${backlog} updates queued, of ${members.size} members`,
        at.node,
        undefined,
      )
    },
  }),
}

/**
 * At rest nothing is left over: what was queued has been told, no ping, relay, introduction or request is under way that is not of
 * the moment, every operation has ended, and the names that the nodes share are those that somebody holds.
 */
export const nothingIsLeftOver: Invariant = {
  name: 'nothing-is-left-over',
  rule: 'at rest queues are empty, timers few, and no name is kept that nobody holds',
  watch: (truth) => ({
    atRest() {
      const names = new Set(truth.roster)
      for (const process of truth.running()) {
        const { engine, name } = process.node
        const { backlog, members, timers } = engine
        const fail = (what: string) =>
          new InvariantViolation(nothingIsLeftOver, what, process.node, undefined)
        for (let i = 0; i < members.size; i++) {
          const ref = i < members.active ? members.activeAt(i) : members.terminalAt(i - members.active)
          names.add(members.name(ref))
        }
        if (process.disturbed || engine.lostTo !== undefined) continue
        const others = members.active - (process.hasLeft ? 0 : 1)
        // Alone there is nobody to tell: whoever comes next is told.
        if (backlog > 0 && others > 0) throw fail(`has ${backlog} updates queued, and nothing happens`)
        const most =
          standingTimers + (members.size - members.active) + 2 + truth.settings.indirectProbes + 2 * others
        if (timers > most) throw fail(`${name} has ${timers} timers, and nothing happens: ${most} are enough`)
      }
      const { size } = truth.simulation.directory
      if (size === names.size) return
      throw new InvariantViolation(
        nothingIsLeftOver,
        `the directory has ${size} names, and the nodes and their roster hold ${names.size}`,
        undefined,
        undefined,
      )
    },
  }),
}
