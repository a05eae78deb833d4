import type { MemberView } from '../control-feed.ts'
import type { Life } from '../life.ts'
import { aftermath } from '../touched.ts'
import type { Invariant } from './invariant.ts'

/** No excuse: whatever is lost, late or sent again, one process is told once. */
export const nothingIsDeliveredTwice: Invariant = {
  name: 'nothing-is-delivered-twice',
  rule: 'no process is told the same broadcast twice, and none that nobody has told',
  watch: (_truth, breach) => {
    const heard = new WeakMap<Life, Set<string>>()
    return {
      broadcast(at, body) {
        const bodies = heard.get(at) ?? new Set<string>()
        heard.set(at, bodies)
        if (bodies.has(body)) breach(`${at.name} was told ${body} a second time`)
        bodies.add(body)
        if (!/^told-\d+$/.test(body))
          breach(`${at.name} was told ${JSON.stringify(body)}, which nobody has told`)
      },
    }
  },
}

/**
 * A broadcast is with everybody who was there when it was told and has stayed, once all agree. Excused: what was told so lately that tables were not compared since; what a process told that ended
 * within twice the aftermath of a fault, as it may have been cut off meanwhile, and not have been asked again before it ended; what a process told that had not come to
 * anybody yet, which is for itself alone; and followers that lost their connection.
 */
export const broadcastsReachAll: Invariant = {
  name: 'broadcasts-reach-all',
  rule: 'a broadcast reaches every member that is there when it is told, and stays',
  watch: (truth, breach) => {
    const sent = new Map<string, { readonly by: Life; readonly at: number }>()
    const heard = new Map<Life, Set<string>>()
    const unsure = new Map<Life, number>()
    const joined = new WeakSet<Life>()
    return {
      looked(at, { members }) {
        const isOther = ({ name, status }: MemberView): boolean =>
          name !== at.name && (status === 'alive' || status === 'suspect')
        if (!joined.has(at) && members.some(isOther)) joined.add(at)
      },
      sent(by, body) {
        if (!joined.has(by)) return truth.excuse('broadcasts of processes that had not come to anybody')
        sent.set(body, { by, at: truth.now() })
      },
      broadcast(at, body) {
        const bodies = heard.get(at) ?? new Set<string>()
        heard.set(at, bodies)
        bodies.add(body)
      },
      missed(at, what) {
        if (what === 'broadcasts') unsure.set(at, truth.now())
      },
      over() {
        let pairs = 0
        for (const [body, { at, by }] of sent) {
          if (truth.now() - at < aftermath) continue
          if (by.endedAt !== undefined && by.endedAt - at < 2 * aftermath) continue
          for (const life of truth.lives) {
            const wasThere = life.readyAt !== undefined && life.readyAt < at - aftermath && life.running
            if (!wasThere || life === by || (unsure.get(life) ?? 0) > at - 5_000) continue
            pairs++
            if (heard.get(life)?.has(body)) continue
            const ago = ((truth.now() - at) / 1_000).toFixed(0)
            breach(`${life.name} was never told ${body}, which ${by.name} told ${ago} s ago`)
          }
        }
        truth.tried('broadcasts at members that had to be told of them', pairs)
      },
    }
  },
}
