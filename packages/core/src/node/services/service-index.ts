import { formatAddress, parseAddress } from '../../model/address.ts'
import type { Member, ServiceInstance } from '../api.ts'
import { highest, rendezvousHash } from './rendezvous.ts'

/** Instances in their order, and what choosing among them takes. */
interface List {
  readonly instances: readonly ServiceInstance[]
  /** What tells each from the others when keys are spread, and its hash; made when a key is first asked for. */
  names: readonly string[] | undefined
  hashes: Uint32Array | undefined
}

const none: readonly ServiceInstance[] = Object.freeze([])

/**
 * Which members offer which service. A change of a member costs in proportion to its own services; a list is put in order when it is asked
 * for after a change, and is the same array until the next one.
 */
export class ServiceIndex {
  readonly #services = new Map<string, Offers>()
  readonly #byMember = new Map<string, readonly ServiceInstance[]>()
  readonly #drawTurn: () => number

  /** `drawTurn`: where to begin taking turns, any whole number from 0 on, so that not all nodes begin with the same instance. */
  constructor(drawTurn: () => number) {
    this.#drawTurn = drawTurn
  }

  /** Takes in what a member is now; it offers something while it is alive or suspect and not leaving. Returns the services that this concerns. */
  put(member: Member): readonly string[] {
    const before = this.#byMember.get(member.name) ?? none
    const after = instancesOf(member)
    if (before.length === 0 && after.length === 0) return []
    for (const instance of before) this.#services.get(instance.service)?.delete(instance)
    for (const instance of after) this.#offers(instance.service).add(instance)
    if (after.length > 0) this.#byMember.set(member.name, after)
    else this.#byMember.delete(member.name)
    const concerned = new Set([...before, ...after].map(({ service }) => service))
    for (const name of concerned) if (this.#services.get(name)?.size === 0) this.#services.delete(name)
    return [...concerned]
  }

  /** Names of what anybody offers, sorted. */
  names(): string[] {
    return [...this.#services.keys()].sort()
  }

  list(service: string, suspects: boolean): readonly ServiceInstance[] {
    return this.#services.get(service)?.list(suspects).instances ?? none
  }

  /** With a key always the same one, as long as it is there; without, each in turn. */
  pick(service: string, key: string | undefined, suspects: boolean): ServiceInstance | undefined {
    const offers = this.#services.get(service)
    return key === undefined ? offers?.inTurn(suspects) : offers?.forKey(key, suspects)
  }

  #offers(service: string): Offers {
    let offers = this.#services.get(service)
    if (offers === undefined) {
      offers = new Offers(this.#drawTurn())
      this.#services.set(service, offers)
    }
    return offers
  }
}

/** Whoever offers one service. */
class Offers {
  readonly #instances = new Set<ServiceInstance>()
  #alive: List | undefined
  #all: List | undefined
  #turn: number

  constructor(turn: number) {
    this.#turn = turn
  }

  get size(): number {
    return this.#instances.size
  }

  add(instance: ServiceInstance): void {
    this.#instances.add(instance)
    this.#forget()
  }

  delete(instance: ServiceInstance): void {
    this.#instances.delete(instance)
    this.#forget()
  }

  list(suspects: boolean): List {
    if (suspects) {
      this.#all ??= listOf([...this.#instances])
      return this.#all
    }
    this.#alive ??= listOf([...this.#instances].filter(({ status }) => status === 'alive'))
    return this.#alive
  }

  inTurn(suspects: boolean): ServiceInstance | undefined {
    const { instances } = this.list(suspects)
    if (instances.length === 0) return undefined
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER
    return instances[this.#turn % instances.length]
  }

  forKey(key: string, suspects: boolean): ServiceInstance | undefined {
    const list = this.list(suspects)
    list.names ??= list.instances.map((instance, i) => nameOf(list.instances, instance, i))
    list.hashes ??= Uint32Array.from(list.names, rendezvousHash)
    const { hashes, instances, names } = list
    return instances[
      highest(
        key,
        instances.length,
        (i) => hashes[i]!,
        (i) => names[i]!,
      )
    ]
  }

  #forget(): void {
    this.#alive = undefined
    this.#all = undefined
  }
}

/** A member stands for its keys under its name, whatever its port is after the next start; with its port only where it offers the service more than once. */
function nameOf(sorted: readonly ServiceInstance[], { member, port }: ServiceInstance, i: number): string {
  return sorted[i - 1]?.member === member ? `${member} ${port ?? 0}` : member
}

const listOf = (instances: ServiceInstance[]): List => ({
  instances: Object.freeze(instances.sort(byMember)),
  names: undefined,
  hashes: undefined,
})

function byMember(a: ServiceInstance, b: ServiceInstance): number {
  if (a.member !== b.member) return a.member < b.member ? -1 : 1
  return (a.port ?? 0) - (b.port ?? 0)
}

function instancesOf(member: Member): readonly ServiceInstance[] {
  const { address, leaving, name, services, status, tags } = member
  if (services.length === 0 || leaving || (status !== 'alive' && status !== 'suspect')) return none
  const { host } = parseAddress(address)
  return services.map(({ name: service, port }) => ({
    service,
    member: name,
    address,
    port,
    endpoint: port === undefined ? undefined : formatAddress({ host, port }),
    status,
    tags,
  }))
}

/** Whether two lists offer the same: a member that is older by one incarnation is no other. */
export function sameInstances(a: readonly ServiceInstance[], b: readonly ServiceInstance[]): boolean {
  return a === b || (a.length === b.length && a.every((instance, i) => isSame(instance, b[i]!)))
}

function isSame(a: ServiceInstance, b: ServiceInstance): boolean {
  const [keys, others] = [Object.keys(a.tags), Object.keys(b.tags)]
  return (
    a.member === b.member &&
    a.address === b.address &&
    a.port === b.port &&
    a.status === b.status &&
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b.tags, key) && a.tags[key] === b.tags[key])
  )
}
