import type { Random } from '../engine/random.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import type { Status } from '../model/status.ts'

/** Draws distinct active members at random. */
export interface Sampler {
  /**
   * Up to `k` distinct active members other than this node and `except`, whose status is in `statuses` (see `statusBit`),
   * put at the end of `out`. O(k) expected; with fewer than 3k active members it looks at each once.
   */
  sample(k: number, statuses: number, out: Ref[], except?: Ref): void
}

export function createSampler(members: MemberView, random: Random): Sampler {
  const fits = (ref: Ref, statuses: number, except: Ref | undefined): boolean =>
    ref !== members.self && ref !== except && (statuses & (1 << (members.status(ref) as Status))) !== 0

  return {
    sample(k, statuses, out, except) {
      const first = out.length
      const { active } = members
      if (active < 3 * k) {
        // A walk from a random start would favour neighbours: a partial shuffle of the few candidates does not.
        for (let i = 0; i < active; i++) {
          const ref = members.activeAt(i)
          if (fits(ref, statuses, except)) out.push(ref)
        }
        for (let i = first; i < out.length && i < first + k; i++) {
          const j = i + random.below(out.length - i)
          const drawn = out[j]!
          out[j] = out[i]!
          out[i] = drawn
        }
        if (out.length > first + k) out.length = first + k
        return
      }
      // With at least 3k candidates, most of them fitting, few draws are wasted; the bound is for when few fit.
      for (let tries = 6 * k + 8; tries > 0 && out.length < first + k; tries--) {
        const ref = members.activeAt(random.below(active))
        if (fits(ref, statuses, except) && out.indexOf(ref, first) < 0) out.push(ref)
      }
    },
  }
}
