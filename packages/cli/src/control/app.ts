import { joinSeeds, parseSeed, type Resolver, resolveSeeds, type SeedControl } from '@swimkit/bootstrap'
import type { Member, Node, NodeStats } from '@swimkit/core'
import type { ClusterKeys, KeyReport } from '@swimkit/security'
import { Hono } from 'hono'
import * as v from 'valibot'
import { drainFor } from '../run/drain.ts'
import { version } from '../version.ts'
import { ApiError, toApiError } from './api-error.ts'
import {
  broadcastBody,
  bytesOf,
  dropRateBody,
  forceLeaveBody,
  installKeyBody,
  joinBody,
  jsonBody,
  keyIdBody,
  leaveBody,
  payloadBody,
  queryBody,
  seedsBody,
  servicesBody,
  switchBody,
  tagsBody,
} from './body.ts'
import { eventStream } from './event-stream.ts'
import { crowd, guard } from './guard.ts'
import { limits } from './limits.ts'
import { bodyJson, memberJson } from './member-json.ts'
import type { Refusals } from './refusals.ts'
import {
  admin,
  type ControlContext,
  type ControlEnv,
  type Handler,
  mount,
  open,
  openPaths,
  type Routes,
  read,
} from './route.ts'
import { withSecurityHeaders } from './security-headers.ts'
import { servicesJson } from './services-json.ts'
import { settingsJson } from './settings-json.ts'
import type { Tokens } from './tokens.ts'

/** Whether others should be sent to this node, and why. */
export interface Readiness {
  readonly ready: boolean
  readonly reason: string
}

export interface ControlAppOptions {
  readonly scheme: 'http' | 'https'
  readonly hostNames: readonly string[]
  readonly tokens: Tokens
  readonly refusals: Refusals
  /** By which wrong tokens are counted, in milliseconds that only go forward. Default: the clock of this process. */
  readonly now?: () => number
  readonly resolver: Resolver
  /** Undefined: the node seals nothing. */
  readonly keys: ClusterKeys | undefined
  /** What the node is to look for; called when it is asked for, as it begins after the control API. */
  seeds(): SeedControl
  readiness(): Readiness
  /** How long a node that is told to leave goes on as one that nobody picks any more, milliseconds, unless the request says otherwise. */
  readonly drain: number
  /** Called once `leave` or `stop` was answered. */
  onEnd(how: 'left' | 'stopped'): void
  /** A fault of ours, for the log. */
  onFault(error: unknown): void
  /** Ends event streams. */
  readonly signal: AbortSignal
  /** Milliseconds between comments on a quiet event stream. */
  readonly heartbeat: number
}

/** How long `tags` and `payload` wait for the change to be with the others before they answer all the same. */
const disseminationWait = 5_000
/** How long a large payload that has not come here is waited for, before its size and hash are all that is told of it. */
const fetchPatience = 5_000

/** A change that the cluster is told of: waits for that, but not for ever, and not at all for a refusal. */
async function told(change: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(disseminationWait)
  try {
    await change(signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** The control API of a node, as a web handler that knows nothing of the server it runs on. */
export function createControlApp(node: Node, options: ControlAppOptions): Hono<ControlEnv> {
  const { resolver, readiness, onEnd, onFault, refusals, signal, tokens, heartbeat } = options
  let newestEvent = 0
  const unsubscribe = node.on('*', ({ id }) => {
    newestEvent = id
  })
  const streams = new Set<() => void>()
  const endStreams = (): void => {
    for (const stop of streams) stop()
  }
  // Who follows has to show one of the new tokens.
  tokens.onReplaced(endStreams)
  signal.addEventListener(
    'abort',
    () => {
      unsubscribe()
      endStreams()
    },
    { once: true },
  )

  const unknownMember = (name: string) =>
    new ApiError(404, 'unknown-member', `no member is called ${JSON.stringify(name)}`)
  const param = (c: ControlContext): string => c.req.param('name') ?? ''

  const members: Handler = (c) =>
    c.json({ members: node.members().map((member) => memberJson(member)), counts: node.counts() })

  const self: Handler = (c) =>
    c.json({
      ...memberJson(node.self, true),
      cluster: node.cluster,
      detector: node.config.detector,
      transport: node.transport,
      codec: node.codec,
      profile: node.profile,
      health: node.health,
      healthMax: node.settings.healthMax,
      digest: node.digest,
      runtime: node.runtime,
      version,
      advertiseReason: node.advertiseReason,
      state: node.state,
    })

  const suspects: Handler = (c) =>
    c.json({
      suspects: node.suspects().map(({ name, incarnation, since, deadline, accusers }) => ({
        name,
        incarnation,
        since: since.toISOString(),
        deadline: deadline.toISOString(),
        accusers,
      })),
    })

  const protocol: Handler = (c) => {
    const { detector, epoch, suspicion } = node.config
    return c.json({ detector, epoch, suspicion, profile: node.profile, ...settingsJson(node.settings) })
  }

  const join: Handler = async (c) => {
    const introducers = c.req.queries('introducer')
    const { seeds } = introducers ? v.parse(joinBody, { seeds: introducers }) : await jsonBody(c, joinBody)
    const parsed = seeds.map((text) => parseSeed(text)!) // each was checked by the schema
    return c.json(await joinSeeds(node, await resolveSeeds(parsed, resolver, signal), signal))
  }

  const seeds: Handler = (c) => c.json({ seeds: options.seeds().seeds.map(({ text }) => text) })
  const setSeeds: Handler = async (c) => {
    const { seeds: wanted } = await jsonBody(c, seedsBody)
    options.seeds().replace(wanted.map((text) => parseSeed(text)!)) // each was checked by the schema
    return seeds(c)
  }

  /** Answers first, then ends: the server drains what is under way before the process goes. */
  const ending = (c: ControlContext, how: 'left' | 'stopped', answer: object): Response => {
    setTimeout(() => onEnd(how), 0)
    return c.json(answer, 200, { connection: 'close' })
  }
  const leave: Handler = async (c) => {
    const { drain = options.drain / 1_000 } = await jsonBody(c, leaveBody)
    const { acknowledgedBy } = await node.leave(drainFor(1_000 * drain))
    return ending(c, 'left', { left: true, acknowledgedBy })
  }
  const stop: Handler = (c) => ending(c, 'stopped', { stopped: true })

  const events: Handler = (c) => {
    const given = c.req.header('last-event-id') ?? c.req.query('after')
    if (given !== undefined && !/^\d{1,15}$/.test(given)) {
      throw new ApiError(400, 'invalid', 'Last-Event-ID must be the id of an event')
    }
    if (signal.aborted) throw new ApiError(503, 'stopped', 'the node is ending')
    const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
    // Nobody would ever take anything from the stream.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    if (streams.size >= limits.streams) {
      refusals.note('streams', c.env.source)
      const message = `at most ${limits.streams} event streams at the same time`
      throw new ApiError(503, 'streams', message, { 'retry-after': '5' })
    }
    const stream = eventStream(node, {
      after: given === undefined ? undefined : Number(given),
      damped: flagOf(c, 'damped'),
      broadcasts: flagOf(c, 'broadcasts'),
      newest: newestEvent,
      heartbeat,
      patience: 2 * heartbeat,
      open: streams,
    })
    return c.body(stream, 200, headers)
  }

  /** A query that is `true` or `false`, or left out. */
  function flagOf(c: ControlContext, name: string): boolean {
    const text = c.req.query(name) ?? 'false'
    if (text !== 'true' && text !== 'false') {
      throw new ApiError(400, 'invalid', `${name} must be true or false`)
    }
    return text === 'true'
  }

  const member: Handler = async (c) => {
    const found = node.member(param(c))
    if (!found) throw unknownMember(param(c))
    return c.json(memberJson(await withPayload(found), true))
  }

  /** A member with its payload fetched, if it is a large one that has not come here; as it is, where that is not to be had. */
  const withPayload = async (found: Member): Promise<Member> => {
    const { largePayload } = found
    if (largePayload === undefined || largePayload.here) return found
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(fetchPatience)])
      const payload = await node.payload(found.name, { signal: until })
      return { ...found, payload, largePayload: { ...largePayload, here: true } }
    } catch {
      // Who asked for the member gets it all the same, and sees that the payload is missing.
      return found
    }
  }

  const explain: Handler = (c) => {
    const found = node.explain(param(c))
    if (!found) throw unknownMember(param(c))
    const { name, status, flaps, flapping, evidence } = found
    return c.json({
      name,
      status,
      flaps,
      flapping,
      evidence: evidence.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
    })
  }

  const ping: Handler = async (c) => {
    const { name, rtt, path, payload } = await node.ping(param(c), { signal })
    return c.json({ name, rttMs: rtt, path, ...(payload ? { payloadBytes: payload.length } : {}) })
  }

  const forceLeave: Handler = async (c) => {
    const { prune = false } = await jsonBody(c, forceLeaveBody)
    await told((until) => node.forceLeave(param(c), { prune, signal: until }))
    return c.json({ name: param(c), forced: true, pruned: prune })
  }

  const rtt: Handler = (c) => {
    const from = c.req.query('a')
    if (!from) throw new ApiError(400, 'invalid', 'a must be the name of a member, as in ?a=NAME&b=NAME')
    const { a, b, rtt: ms, source } = node.rtt(from, c.req.query('b') || undefined)
    return c.json({ a, b, rttMs: ms, source })
  }

  const tags: Handler = async (c) => {
    const body = await jsonBody(c, tagsBody)
    const wanted = typeof body.tags === 'object' ? body.tags : (body as Record<string, string>) // the union's two forms
    await told((until) => node.setTags(wanted, { signal: until }))
    return c.json(memberJson(node.self, true))
  }

  const payload: Handler = async (c) => {
    const bytes = await jsonBody(c, payloadBody)
    await told((until) => node.setPayload(bytes, { signal: until }))
    return c.json(memberJson(node.self, true))
  }

  const services: Handler = (c) => {
    const name = c.req.query('name')
    const names = name === undefined ? node.serviceNames() : [name]
    return c.json({ services: servicesJson(node, names, flagOf(c, 'suspects')) })
  }
  const setServices: Handler = async (c) => {
    const { services: wanted } = await jsonBody(c, servicesBody)
    await told((until) => node.setServices(wanted, { signal: until }))
    return c.json(memberJson(node.self, true))
  }

  const broadcast: Handler = async (c) => {
    const body = await jsonBody(c, broadcastBody)
    await told((until) => node.broadcast(body.name, bytesOf(body), { signal: until }))
    return c.json({ name: body.name, sent: true })
  }
  const query: Handler = async (c) => {
    const { members: names, name, tags: wanted, timeout, ...body } = await jsonBody(c, queryBody)
    const { answers, silent, unfinished } = await node.query(name, bytesOf(body), {
      ...(names === undefined ? {} : { members: names }),
      ...(wanted === undefined ? {} : { tags: wanted }),
      ...(timeout === undefined ? {} : { timeout: 1_000 * timeout }),
      signal: AbortSignal.any([signal, c.req.raw.signal]),
    })
    return c.json({
      answers: answers.map(({ at, body: answer, member: from }) => ({
        member: from,
        ...bodyJson(answer),
        at: at.toISOString(),
      })),
      silent,
      unfinished,
    })
  }

  const switchTo: Handler = async (c) => {
    const asked = c.req.query('detector')
    const { detector, suspicion } =
      asked === undefined ? await jsonBody(c, switchBody) : v.parse(switchBody, { detector: asked })
    return c.json(
      node.switchDetector(detector ?? node.config.detector, suspicion === undefined ? {} : { suspicion }),
    )
  }

  const dropRate: Handler = (c) => c.json({ dropRate: node.dropRate })
  const setDropRate: Handler = async (c) => {
    node.dropRate = (await jsonBody(c, dropRateBody)).dropRate
    return dropRate(c)
  }

  const ring = (): ClusterKeys => {
    if (options.keys !== undefined) return options.keys
    throw new ApiError(409, 'no-keys', 'this node seals nothing: start it with --key-file')
  }
  /** The one under way, for all who ask meanwhile: each asks the whole cluster. */
  let listing: Promise<KeyReport> | undefined
  const keys: Handler = async (c) => {
    if (listing === undefined) {
      const own = ring()
        .list()
        .finally(() => {
          if (listing === own) listing = undefined
        })
      listing = own
    }
    return c.json(await listing)
  }
  const keyStep =
    (take: (of: ClusterKeys, c: ControlContext) => Promise<KeyReport>): Handler =>
    async (c) => {
      try {
        return c.json(await take(ring(), c))
      } finally {
        // One that began before would not show what this step did.
        listing = undefined
      }
    }
  const installKey = keyStep(async (of, c) => of.install((await jsonBody(c, installKeyBody)).key))
  const useKey = keyStep(async (of, c) => of.use((await jsonBody(c, keyIdBody)).id))
  const removeKey = keyStep(async (of, c) => of.remove((await jsonBody(c, keyIdBody)).id))

  const stats: Handler = (c) =>
    c.json({
      ...(node.stats() satisfies NodeStats),
      control: { streams: streams.size, ...refusals.counts() },
    })

  const healthz: Handler = (c) => {
    const ok = node.state !== 'stopped' && node.state !== 'new'
    return c.json({ ok, state: node.state }, ok ? 200 : 503)
  }
  const readyz: Handler = (c) => {
    const answer = readiness()
    return c.json(answer, answer.ready ? 200 : 503)
  }

  const routes: Routes = {
    '/list_mem': { GET: read(members) },
    '/v1/members': { GET: read(members) },
    '/v1/members/:name': { GET: read(member) },
    '/v1/members/:name/explain': { GET: read(explain) },
    '/v1/members/:name/ping': { POST: admin(ping) },
    '/v1/members/:name/force-leave': { POST: admin(forceLeave) },
    '/v1/rtt': { GET: read(rtt) },
    '/list_self': { GET: read(self) },
    '/v1/self': { GET: read(self) },
    '/display_suspects': { GET: read(suspects) },
    '/v1/suspects': { GET: read(suspects) },
    '/display_protocol': { GET: read(protocol) },
    '/v1/protocol': { GET: read(protocol) },
    '/join': { POST: admin(join) },
    '/v1/join': { POST: admin(join) },
    '/v1/seeds': { GET: read(seeds), POST: admin(setSeeds) },
    '/leave': { POST: admin(leave) },
    '/v1/leave': { POST: admin(leave) },
    '/v1/stop': { POST: admin(stop) },
    '/switch': { POST: admin(switchTo) },
    '/v1/switch': { POST: admin(switchTo) },
    '/v1/events': { GET: read(events) },
    '/v1/tags': { POST: admin(tags) },
    '/v1/payload': { POST: admin(payload) },
    '/v1/services': { GET: read(services), POST: admin(setServices) },
    '/v1/broadcast': { POST: admin(broadcast) },
    '/v1/query': { POST: admin(query) },
    '/v1/keys': { GET: read(keys) },
    '/v1/keys/install': { POST: admin(installKey) },
    '/v1/keys/use': { POST: admin(useKey) },
    '/v1/keys/remove': { POST: admin(removeKey) },
    '/v1/drop-rate': { GET: read(dropRate), POST: admin(setDropRate) },
    '/v1/stats': { GET: read(stats) },
    '/healthz': { GET: open(healthz) },
    '/readyz': { GET: open(readyz) },
  }

  const app = new Hono<ControlEnv>()
  app.use(withSecurityHeaders(options.scheme))
  const guarded = { ...options, open: openPaths(routes) }
  app.use(crowd(guarded))
  app.use(guard(guarded))
  mount(app, routes, (c) => refusals.note('scope', c.env.source))
  app.notFound(() => {
    throw new ApiError(404, 'not-found', 'there is no such path')
  })
  app.onError((error, c) => {
    let known = toApiError(error)
    if (!known && v.isValiError(error)) known = new ApiError(400, 'invalid', error.message)
    if (!known) onFault(error)
    const { status, code, message, headers, members } =
      known ?? new ApiError(500, 'internal', 'an internal fault; see the log')
    return c.json({ error: { code, message, ...(members && { members }) } }, status, { ...headers })
  })
  return app
}
