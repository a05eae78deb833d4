import type { Millis } from '../../engine/time.ts'
import { RareSet } from '../../model/rare-set.ts'
import type { Member, ServiceInstance, ServiceOptions, WatchOptions } from '../api.ts'
import type { Host } from '../host.ts'
import { SettledView } from '../settled-view.ts'
import { ServiceIndex, sameInstances } from './service-index.ts'

/** A watch of one service, and what it is of. */
interface Watch {
  readonly service: string
  readonly view: SettledView<readonly ServiceInstance[]>
}

/** What there is to be found among the members: who offers what, and both as lists that settle. */
export class Discovery {
  readonly #host: Host
  readonly #quiet: Millis
  readonly #members: () => readonly Member[]
  /** Made when somebody first asks for a service: most nodes never do. */
  #index: ServiceIndex | undefined
  readonly #watches = new RareSet<Watch>()
  readonly #views = new RareSet<SettledView<readonly Member[]>>()
  #ended = false

  /** `quiet`: milliseconds without a change after which a list has settled, unless told otherwise. */
  constructor(host: Host, quiet: Millis, members: () => readonly Member[]) {
    this.#host = host
    this.#quiet = quiet
    this.#members = members
  }

  /** Whether anybody would notice a change. */
  get needed(): boolean {
    return this.#index !== undefined || this.#views.size > 0 || this.#watches.size > 0
  }

  /** A member has changed, or is forgotten. */
  changed(member: Member): void {
    for (const view of this.#views) view.touch()
    if (this.#index === undefined) {
      // Whoever began to watch before the start has seen nothing yet.
      for (const { view } of this.#watches) view.touch()
      return
    }
    const concerned = this.#index.put(member)
    if (concerned.length === 0) return
    for (const { service, view } of this.#watches) if (concerned.includes(service)) view.touch()
  }

  names(): string[] {
    return this.#services.names()
  }

  services(service: string, { suspects = false }: ServiceOptions = {}): readonly ServiceInstance[] {
    return this.#services.list(service, suspects)
  }

  pick(
    service: string,
    key: string | undefined,
    { suspects = false }: ServiceOptions = {},
  ): ServiceInstance | undefined {
    return this.#services.pick(service, key, suspects)
  }

  watchMembers(options: WatchOptions = {}): AsyncIterableIterator<readonly Member[]> {
    const viewed = { read: this.#members, same: () => false }
    const view = new SettledView(this.#host, viewed, options, this.#quiet, (ended) =>
      this.#views.delete(ended),
    )
    this.#begin(this.#views, view, view)
    return view
  }

  watchService(
    service: string,
    options: WatchOptions & ServiceOptions = {},
  ): AsyncIterableIterator<readonly ServiceInstance[]> {
    const viewed = { read: () => this.services(service, options), same: sameInstances }
    const view = new SettledView(this.#host, viewed, options, this.#quiet, () => this.#watches.delete(watch))
    const watch: Watch = { service, view }
    this.#begin(this.#watches, watch, view)
    return view
  }

  /** Ends every watch. */
  end(): void {
    this.#ended = true
    this.#index = undefined
    for (const view of [...this.#views]) view.end()
    for (const { view } of [...this.#watches]) view.end()
  }

  #begin<T>(all: RareSet<T>, one: T, view: { readonly end: () => void; readonly ended: boolean }): void {
    if (this.#ended) view.end()
    else if (!view.ended) all.add(one)
  }

  /** Before the start and after the stop there are no members, and nothing is kept. */
  get #services(): ServiceIndex {
    if (this.#index !== undefined) return this.#index
    const members = this.#members()
    const begin = this.#host.entropy(1)[0]!
    const index = new ServiceIndex(() => begin)
    for (const member of members) index.put(member)
    if (members.length > 0) this.#index = index
    return index
  }
}
