import { type Address, type Engine, type StatusName, statusNames } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import {
  allInvariants,
  Inspection,
  type SimNode,
  Simulation,
  type SimulationOptions,
} from '@swimkit/simulator'

/** A cluster to be, under all invariants. */
export function network(options: Partial<SimulationOptions> = {}): Simulation {
  const simulation = new Simulation({ detectors: () => [pingAck()], ...options })
  new Inspection(simulation, allInvariants())
  return simulation
}

/** Formed, and quiet: every update has been told. */
export function quiet(n: number, options: Partial<SimulationOptions> = {}): [Simulation, SimNode[]] {
  const net = network(options)
  const nodes = net.form(n)
  net.run(10_000)
  return [net, nodes]
}

export const without = (nodes: readonly SimNode[], ...gone: readonly (SimNode | undefined)[]): SimNode[] =>
  nodes.filter((node) => !gone.includes(node))

/** Names of those about whom anybody has reported this. */
export const ever = (nodes: readonly SimNode[], type: string): string[] =>
  nodes.flatMap((node) => node.events.filter((event) => event.type === type).map(({ record }) => record.name))

export function statusAt({ engine: { members } }: SimNode, name: string): StatusName | undefined {
  const ref = members.find(name)
  return ref === undefined ? undefined : statusNames[members.status(ref)]
}

export const eventsOf = (observer: SimNode, name: string): string[] =>
  observer.events.filter(({ record }) => record.name === name).map(({ type }) => type)

export const failedAt = (observers: readonly SimNode[], name: string): boolean =>
  observers.every((node) => statusAt(node, name) === 'failed')

/** Another port of the same host. */
export const otherPort = ({ address }: SimNode, port: number): Address => ({ host: address.host, port })

export const recordOf = ({ members }: Engine, name: string) => members.record(members.find(name)!)
