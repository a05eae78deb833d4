import { formatAddress, Status, sameAddress } from '@swimkit/core'
import { longestVerdict } from './durations.ts'
import type { GroundTruth } from './ground-truth.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

const startedFirst = (a: Process, b: Process): boolean =>
  a.claimsStart === b.claimsStart ? a.boot < b.boot : a.claimsStart < b.claimsStart

/**
 * Two live processes, one name: the earlier start keeps it, at a tie the smaller boot. So only one that started later than another
 * of its name loses it, and the first never does; at rest there is one left.
 */
export const oneProcessKeepsAName: Invariant = {
  name: 'one-process-keeps-a-name',
  rule: 'of two live processes under one name the one that started first keeps it, and the other gives it up',
  watch: (truth) => {
    const lost = new WeakSet<Process>()
    return {
      settled(at) {
        const { lostTo } = at.node.engine
        if (lostTo === undefined || lost.has(at)) return
        lost.add(at)
        const winner = truth
          .named(at.name)
          .find(
            (process) =>
              process !== at && sameAddress(process.node.address, lostTo) && startedFirst(process, at),
          )
        if (winner !== undefined) return
        throw new InvariantViolation(
          oneProcessKeepsAName,
          `gives its name up to ${formatAddress(lostTo)}, where no process of that name started before it`,
          at.node,
          at.name,
        )
      },
      atRest() {
        for (const process of truth.standing()) {
          const namesakes = truth.named(process.name).filter(({ standing }) => standing)
          if (namesakes.length === 1) continue
          const addresses = namesakes.map(({ node }) => formatAddress(node.address))
          throw new InvariantViolation(
            oneProcessKeepsAName,
            `${namesakes.length} processes go by its name, at ${addresses.join(' and ')}`,
            process.node,
            process.name,
          )
        }
      },
    }
  },
}

/**
 * An introducer holds back a claim that would move a member that lives. In calm nobody takes the word of a process against one
 * that has the name by rights: it runs, has not left, started first, and answers.
 */
export const livingMembersAreNotMoved: Invariant = {
  name: 'living-members-are-not-moved',
  rule: 'in calm nobody believes a second process under the name of one that lives and started first',
  watch: (truth) => ({
    changed(at, before, after) {
      if (before === undefined || after === undefined || before.record.boot === after.record.boot) return
      if (before.status > Status.Suspect) return
      const held = truth.behind(before.record)
      const taken = truth.behind(after.record)
      if (held === undefined || taken === undefined || !held.standing) return
      if (!startedFirst(held, taken) || !calmEnough(truth, at, held)) return
      throw new InvariantViolation(
        livingMembersAreNotMoved,
        `takes the process at ${formatAddress(after.record.address)} for it, while the one at ${formatAddress(before.record.address)} lives`,
        at.node,
        after.name,
      )
    },
  }),
}

/** Whatever was said in worse times has been judged. */
function calmEnough(truth: GroundTruth, at: Process, held: Process): boolean {
  const long = longestVerdict(truth.settings, at.node.engine.members.size) + truth.settings.streamTimeout
  return truth.calmFor() >= long && truth.now - held.startedAt >= long
}

/** A newcomer is dialled back before anybody is told of it: nobody holds a member at an address where it never listened. */
export const membersAreWhereTheySay: Invariant = {
  name: 'members-are-where-they-say',
  rule: 'nobody holds a member at an address at which it cannot be reached',
  watch: (truth) => ({
    changed(at, before, after) {
      if (after === undefined || after.record === before?.record) return
      if (after.ref === at.node.engine.members.self) return
      const process = truth.behind(after.record)
      if (process === undefined || sameAddress(process.node.address, after.record.address)) return
      throw new InvariantViolation(
        membersAreWhereTheySay,
        `holds it at ${formatAddress(after.record.address)}, and it listens at ${formatAddress(process.node.address)}`,
        at.node,
        after.name,
      )
    },
  }),
}
