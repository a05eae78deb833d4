import type { Ref } from '../model/ref.ts'
import { slotOf } from '../model/ref.ts'
import { Status, statusBit } from '../model/status.ts'
import { ActiveSet, Places } from './active-set.ts'
import type { HelperStrategy } from './helpers.ts'
import { maxZoneParts, type ZonePath, zoneOf } from './zone-path.ts'

/** Draws for one that is alive among those of a zone. */
const draws = 8

/**
 * One helper from the target's own zone, the others at random. It tells a member that is dead from a way to its zone that is broken: a helper
 * next to the target reaches it where none of the others does, and says no where it is gone. Of a hierarchical zone as
 * `eu/fra/rack1` the narrowest is taken in which there is a helper. First in the list, so that it is asked where there is but one to ask.
 */
export function zoneHelpers(tag: string): HelperStrategy {
  return (members, random, sampler) => {
    const zones = new Zones()
    const isFit = (ref: Ref, target: Ref): boolean =>
      ref !== target && members.has(ref) && members.status(ref) === Status.Alive
    const near = (target: Ref): Ref | undefined => {
      for (let parts = zones.pathOf(target).length; parts > 0; parts--) {
        const zone = zones.of(target, parts)
        // Of a few each is tried, from a random one on; of many so many are drawn that nearly all must be suspects to miss.
        const few = zone.size <= draws
        const start = random.below(zone.size)
        for (let i = 0; i < Math.min(zone.size, draws); i++) {
          const ref = zone.at(few || i === 0 ? (start + i) % zone.size : random.below(zone.size))
          if (isFit(ref, target)) return ref
        }
      }
      return undefined
    }
    return {
      choose(target, k, out) {
        if (k <= 0) return
        const helper = near(target)
        const first = out.length
        if (helper !== undefined) out.push(helper)
        sampler.sample(k, statusBit(Status.Alive), out, target)
        // The sample knows nothing of the one before it.
        const again = helper === undefined ? -1 : out.indexOf(helper, first + 1)
        if (again >= 0) out.splice(again, 1)
        if (out.length > first + k) out.length = first + k
      },
      added: (ref) => zones.put(ref, zoneOf(members, ref, tag)),
      removed: (ref) => zones.remove(ref),
      changed: (ref) => zones.put(ref, zoneOf(members, ref, tag)),
    }
  }
}

/** Members by zone, and by each wider zone around it: one list for each, of which those of one width share their places. */
class Zones {
  readonly #places = Array.from({ length: maxZoneParts }, () => new Places())
  /** By the leading parts, joined. A zone that is empty is forgotten. */
  readonly #zones = new Map<string, ActiveSet>()
  /** By slot. */
  readonly #members: ({ readonly ref: Ref; readonly path: ZonePath } | undefined)[] = []

  pathOf(ref: Ref): ZonePath {
    const known = this.#members[slotOf(ref)]
    return known?.ref === ref ? known.path : []
  }

  /** The zone of a member's first so many parts: it is in it. */
  of(ref: Ref, parts: number): ActiveSet {
    return this.#zones.get(keyOf(this.pathOf(ref), parts))!
  }

  put(ref: Ref, path: ZonePath): void {
    this.remove(ref)
    if (path.length === 0) return
    const slot = slotOf(ref)
    while (this.#members.length <= slot) this.#members.push(undefined)
    this.#members[slot] = { ref, path }
    for (let parts = 1; parts <= path.length; parts++) {
      const key = keyOf(path, parts)
      let zone = this.#zones.get(key)
      if (zone === undefined) {
        zone = new ActiveSet(this.#places[parts - 1])
        this.#zones.set(key, zone)
      }
      zone.push(ref)
    }
  }

  remove(ref: Ref): void {
    const path = this.pathOf(ref)
    if (path.length === 0) return
    for (let parts = 1; parts <= path.length; parts++) {
      const key = keyOf(path, parts)
      const zone = this.#zones.get(key)!
      zone.swap(zone.placeOf(ref), zone.size - 1)
      zone.pop()
      if (zone.size === 0) this.#zones.delete(key)
    }
    this.#members[slotOf(ref)] = undefined
  }
}

const keyOf = (path: ZonePath, parts: number): string => path.slice(0, parts).join('/')
