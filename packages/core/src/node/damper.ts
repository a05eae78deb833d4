import type { MemberEvent, MemberEventType } from './api.ts'

const withheld: ReadonlySet<MemberEventType> = new Set(['suspect', 'alive', 'failed', 'join'])

/**
 * Leaves out the turns of members that flap. What has become of one is told once it is calm: the last of its turns, if that left it in
 * another status than the consumer knows, else that it is calm.
 */
export class Damper {
  /** By name of a member that flaps: the type told last, and the turn that was kept back last. */
  readonly #flapping = new Map<string, { readonly told: string; kept: MemberEvent | undefined }>()

  /** What a consumer is to be told in the place of an event; undefined: nothing. */
  filter(event: MemberEvent): MemberEvent | undefined {
    const { name, status } = event.member
    if (event.type === 'flapping') {
      this.#flapping.set(name, { told: status, kept: undefined })
      return event
    }
    if (this.#flapping.size === 0) return event
    const flapping = this.#flapping.get(name)
    if (flapping === undefined) return event
    if (withheld.has(event.type)) {
      flapping.kept = event
      return undefined
    }
    if (event.type === 'leave' || event.type === 'reap') this.#flapping.delete(name)
    if (event.type !== 'calm') return event
    this.#flapping.delete(name)
    const { kept, told } = flapping
    if (kept === undefined || kept.member.status === told) return event
    return { ...kept, id: event.id, at: event.at }
  }
}
