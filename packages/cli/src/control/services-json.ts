import type { Node, ServiceInstance } from '@swimkit/core'

/** Who offers a service, as the control API gives it. */
export interface ServiceJson extends Omit<ServiceInstance, 'service' | 'port' | 'endpoint'> {
  /** Absent where the service has no port of its own, and so no endpoint. */
  readonly port?: number
  readonly endpoint?: string
}

/** By name of the service; in a map without a prototype, as the names come from the network. */
export function servicesJson(
  node: Pick<Node, 'services'>,
  names: readonly string[],
  suspects: boolean,
): Record<string, ServiceJson[]> {
  const all: Record<string, ServiceJson[]> = Object.create(null)
  for (const name of names) all[name] = node.services(name, { suspects }).map(serviceJson)
  return all
}

const serviceJson = ({ address, endpoint, member, port, status, tags }: ServiceInstance): ServiceJson => ({
  member,
  address,
  ...(port === undefined ? {} : { port }),
  ...(endpoint === undefined ? {} : { endpoint }),
  status,
  tags,
})
