import type { Hono } from 'hono'
import { type ControlAppOptions, createControlApp } from '../control/app.ts'
import { Refusals } from '../control/refusals.ts'
import type { ControlEnv } from '../control/route.ts'
import { type TokenPair, Tokens } from '../control/tokens.ts'
import type { FakeNode } from './fake-node.ts'

/** The control API of a node that nobody looks after, but for what a test says. */
export function controlApp(
  node: FakeNode,
  { readToken, token, ...more }: Partial<ControlAppOptions> & TokenPair = {},
): Hono<ControlEnv> {
  return createControlApp(node, {
    scheme: 'http',
    hostNames: ['swim.local'],
    tokens: new Tokens({ token, readToken }),
    refusals: new Refusals(undefined),
    resolver: { addresses: async () => [], services: async () => [] },
    keys: undefined,
    seeds: () => ({ seeds: [], replace: () => undefined }),
    readiness: () => ({ ready: true, reason: 'joined' }),
    drain: 0,
    onEnd: () => undefined,
    onFault: () => undefined,
    signal: new AbortController().signal,
    heartbeat: 10_000,
    ...more,
  })
}
