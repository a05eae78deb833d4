import type { MemberView } from '../control-feed.ts'
import type { Life } from '../life.ts'
import type { Invariant } from './invariant.ts'

const severity: Readonly<Record<MemberView['status'], number>> = { alive: 0, suspect: 1, failed: 2, left: 3 }

/**
 * What a process tells of a member and what it shows of it are followed apart, as they come on two connections. No excuse: no fault of machine or network can make a table
 * go back. A member that was removed from the table begins anew.
 */
export const claimsNeverGoBack: Invariant = {
  name: 'incarnations-never-decrease, same-incarnation-only-worsens',
  rule: 'what a node holds of a member never goes back to an earlier incarnation, nor at the same one to a better status',
  watch: (_truth, breach) => {
    const told = new WeakMap<Life, Map<string, MemberView>>()
    const shown = new WeakMap<Life, Map<string, MemberView>>()

    function follow(views: Map<string, MemberView>, at: Life, how: string, after: MemberView): void {
      const before = views.get(after.name)
      views.set(after.name, after)
      if (before === undefined) return
      const worsens =
        after.incarnation > before.incarnation ||
        (after.incarnation === before.incarnation && severity[after.status] >= severity[before.status])
      if (!worsens) breach(`${at.name} ${how} ${show(after)}, after ${show(before)}`)
    }

    return {
      event(at, { member, type }) {
        const views = viewsOf(told, at)
        if (type === 'reap') views.delete(member.name)
        // Its member is the one that it is in conflict with, which is not held.
        else if (type !== 'conflict') follow(views, at, `tells (${type})`, member)
      },
      missed: (at, what) => what === 'events' && told.delete(at),
      looked(at, { members }) {
        const views = viewsOf(shown, at)
        for (const name of views.keys())
          if (!members.some((member) => member.name === name)) views.delete(name)
        for (const member of members) follow(views, at, 'shows', member)
      },
    }
  },
}

function viewsOf<T>(all: WeakMap<Life, Map<string, T>>, at: Life): Map<string, T> {
  const known = all.get(at) ?? new Map<string, T>()
  all.set(at, known)
  return known
}

export const show = ({ boot, incarnation, name, status }: MemberView): string =>
  `${name} ${status}@${incarnation} (boot ${boot.slice(0, 6)})`
