import { expect } from 'vitest'
import type { Detector, DetectorContext } from '../../engine/detector.ts'
import { formatAddress } from '../../model/address.ts'
import { Directory } from '../../model/directory.ts'
import type { Logger, Node, NodeOptions } from '../api.ts'
import { createNode } from '../create-node.ts'
import { FakeTransport } from './fake-transport.ts'
import type { World } from './world.ts'

/** Started, and joined to the first of them. */
export async function cluster(
  world: World,
  count: number,
  options: Partial<NodeOptions> = {},
): Promise<Made[]> {
  const all = Array.from({ length: count }, (_, i) => make(world, 1 + i, options))
  for (const { node } of all) await node.start()
  for (const each of all.slice(1)) {
    const result = await world.outcome(each.node.join([seed(all[0]!)]))
    expect(result.failed).toEqual([])
  }
  await world.run(5_000)
  for (const { node } of all) expect(node.counts().alive).toBe(count)
  return all
}

export interface Made {
  readonly node: Node
  readonly transport: FakeTransport
  readonly logged: string[]
}

export function make(world: World, port: number, options: Partial<NodeOptions> = {}): Made {
  const transport = new FakeTransport(world)
  const logged: string[] = []
  const logger: Logger = { enabled: () => true, log: (level, message) => logged.push(`${level}: ${message}`) }
  const node = createNode({
    name: `n${port}`,
    host: world.host,
    transport,
    detector: idle(),
    bind: `10.0.0.1:${port}`,
    directory: new Directory(),
    logger,
    ...options,
  })
  return { node, transport, logged }
}

export const seed = ({ node }: Made) => formatAddress(node.address!)

/** A detector that looks at nobody. */
export const idle = (onContext: (context: DetectorContext) => void = () => undefined): Detector => ({
  kind: 'detector',
  name: 'idle',
  api: 1,
  attach: (context) => {
    onContext(context)
    return { start: () => undefined, stop: () => undefined, onTimer: () => undefined }
  },
})

/** What a promise rejects with; where it resolves, a text that no error is equal to. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => `resolved with ${String(value)}`,
    (error: unknown) => error,
  )
