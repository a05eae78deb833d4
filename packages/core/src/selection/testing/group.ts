import { createRandom } from '../../engine/random.ts'
import type { Millis } from '../../engine/time.ts'
import { Directory } from '../../model/directory.ts'
import { MemberTable } from '../../model/member-table.ts'
import type { Ref } from '../../model/ref.ts'
import { Status } from '../../model/status.ts'
import { aRecord } from '../../model/testing/a-record.ts'
import { encodeMemberData } from '../../node/member-data.ts'
import type { PathView, ProbeScheduler, ProbeStrategy } from '../strategy.ts'

/** What is told of every member that comes, goes or changes. */
type Told = Pick<ProbeScheduler, 'added' | 'removed' | 'changed'>

/** The members of one node, named self, and whoever is to be told of them, as `Detection` does it. */
export class Group {
  readonly table = new MemberTable(new Directory())
  /** Round trips, by name. */
  readonly rtts = new Map<string, Millis>()
  readonly paths: PathView = { rtt: (ref) => this.rtts.get(this.table.name(ref)) }
  readonly #told: Told[] = []
  #incarnation = 1

  /** `zone`: the node's own. */
  constructor(zone?: string) {
    this.table.add(aRecord('self', { data: dataOf(zone) }), 1, 0)
  }

  /** Active members other than the node. */
  get others(): Ref[] {
    const refs = Array.from({ length: this.table.active }, (_, i) => this.table.activeAt(i))
    return refs.filter((ref) => ref !== this.table.self)
  }

  schedule(strategy: ProbeStrategy, seed: number): ProbeScheduler {
    return this.tell(strategy(this.table, createRandom([seed]), this.paths))
  }

  tell<T extends Told>(told: T): T {
    for (const ref of this.others) told.added(ref)
    this.#told.push(told)
    return told
  }

  add(name: string, zone?: string): Ref {
    const { ref } = this.table.add(aRecord(name, { data: dataOf(zone) }), 1, 0)!
    for (const each of this.#told) each.added(ref)
    return ref
  }

  suspect(ref: Ref): void {
    this.table.set(ref, Status.Suspect, this.#incarnation, 0)
  }

  refute(ref: Ref): void {
    this.table.set(ref, Status.Alive, ++this.#incarnation, 0)
  }

  fail(ref: Ref): void {
    this.table.set(ref, Status.Failed, this.#incarnation, 0)
    for (const each of this.#told) each.removed(ref)
  }

  comeBack(ref: Ref): void {
    this.table.set(ref, Status.Alive, ++this.#incarnation, 0)
    for (const each of this.#told) each.added(ref)
  }

  /** Gone from the table as well: its handle is stale. */
  remove(ref: Ref): void {
    this.table.remove(ref)
    for (const each of this.#told) each.removed(ref)
  }

  /** Of the node itself as well, of which nobody is told. */
  move(ref: Ref, zone: string | undefined): void {
    const record = { ...this.table.record(ref), data: dataOf(zone) }
    this.table.setRecord(ref, record, ++this.#incarnation)
    if (ref === this.table.self) return
    for (const each of this.#told) each.changed?.(ref)
  }
}

const dataOf = (zone: string | undefined): Uint8Array =>
  encodeMemberData(
    { tags: zone === undefined ? {} : { zone }, services: [], payload: new Uint8Array(0) },
    512,
  )
