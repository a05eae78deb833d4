import { type Address, formatAddress } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'

/** A machine: answers for ports that nobody listens on, unless it is silent. */
export interface SimHost {
  readonly name: string
  /** Whether the machine runs at all. One that does refuses streams to ports where nobody listens. */
  up: boolean
  readonly endpoints: Map<number, Endpoint>
}

/** A port of a machine, and who listens there. */
export interface Endpoint {
  readonly host: SimHost
  readonly address: Address
  /** Whose links lead there: the place of the node that listened last; −1: nobody's ever. */
  place: number
  node: SimNode | undefined
}

/** Who is reached at an address. */
export class Hosts {
  readonly #hosts = new Map<string, SimHost>()
  /** Nodes that share a directory hand out the same address objects again and again. */
  readonly #known = new WeakMap<Address, Endpoint>()

  at(address: Address): Endpoint {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    let host = this.#hosts.get(address.host)
    if (host === undefined) {
      host = { name: address.host, up: false, endpoints: new Map() }
      this.#hosts.set(address.host, host)
    }
    let endpoint = host.endpoints.get(address.port)
    if (endpoint === undefined) {
      endpoint = { host, address, place: -1, node: undefined }
      host.endpoints.set(address.port, endpoint)
    }
    this.#known.set(address, endpoint)
    return endpoint
  }

  /** Lets a process listen. Throws where another does. */
  listen(node: SimNode): void {
    const endpoint = this.at(node.address)
    if (endpoint.node !== undefined) {
      throw new Error(`${endpoint.node.name} listens on ${formatAddress(node.address)} already`)
    }
    endpoint.node = node
    endpoint.place = node.place
    endpoint.host.up = true
  }

  /** The process is gone; with `silent` its machine as well. */
  close(node: SimNode, silent: boolean): void {
    const endpoint = this.at(node.address)
    if (endpoint.node === node) endpoint.node = undefined
    if (silent) endpoint.host.up = false
  }
}
