import { PiggybackQueue } from '../dissemination/piggyback-queue.ts'
import { Directory } from '../model/directory.ts'
import { HealthScore } from '../model/local-health.ts'
import { MemberTable } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import { createSampler } from '../selection/sampler.ts'
import { Configuration } from './configuration.ts'
import { Coordinates } from './coordinates.ts'
import type { CoreState } from './core-state.ts'
import { createCounters } from './counters.ts'
import { Departures } from './departures.ts'
import { Detection } from './detection.ts'
import type { Effects } from './effects.ts'
import type { EngineOptions } from './engine.ts'
import { Flaps } from './flaps.ts'
import { GossipPace } from './gossip-pace.ts'
import { Introductions } from './introductions.ts'
import { Joins } from './joins.ts'
import { Judgement } from './judgement.ts'
import { Looks } from './looks.ts'
import { Membership } from './membership.ts'
import { Directs } from './messaging/directs.ts'
import { Queries } from './messaging/queries.ts'
import { Rumours } from './messaging/rumours.ts'
import { NewNames } from './new-names.ts'
import { News } from './news.ts'
import { isHeldAgainst, Outbox } from './outbox.ts'
import { OwnClaims } from './own-claims.ts'
import { PathChecks } from './path-checks.ts'
import { Payloads, payloadRefOf } from './payloads.ts'
import { PingService } from './ping-service.ts'
import { Reception } from './reception.ts'
import { Rejoin } from './rejoin.ts'
import { Requests } from './requests.ts'
import { RoundTrips } from './round-trips.ts'
import { SelfDoubt } from './self-doubt.ts'
import { Synchronizer } from './synchronizer.ts'
import { Syncs } from './syncs.ts'
import { TimerHeap } from './timers.ts'
import { Trace } from './trace.ts'
import { Witness } from './witness.ts'

/** The parts of one engine: each knows those that it needs, and nobody else but the engine knows them all. */
export interface Parts {
  readonly state: CoreState
  readonly outbox: Outbox
  readonly news: News
  readonly own: OwnClaims
  readonly membership: Membership
  readonly gossip: GossipPace
  readonly pings: PingService
  readonly paths: PathChecks
  readonly flaps: Flaps
  readonly looks: Looks
  readonly witness: Witness
  readonly introductions: Introductions
  readonly configuration: Configuration
  readonly requests: Requests
  readonly rumours: Rumours
  readonly synchronizer: Synchronizer
  readonly payloads: Payloads
  readonly directs: Directs
  readonly queries: Queries
  readonly syncs: Syncs
  readonly reception: Reception
  readonly joins: Joins
  readonly rejoin: Rejoin
  readonly departures: Departures
  readonly judgement: Judgement
  readonly detection: Detection
}

/** Puts an engine together. Throws a TypeError where a detector is of no use, a RangeError where a directory is full. */
export function createParts(options: EngineOptions, effects: Effects): Parts {
  const { buddy = true, detectors } = options
  const state = createState(options)
  const { coordinates, table } = state
  const outbox: Outbox = new Outbox(state, effects, (ref) =>
    buddy && isHeldAgainst(table.status(ref)) ? membership.claimAbout(ref) : undefined,
  )
  const news = new News(state, outbox)
  const own = new OwnClaims(state, news)
  // What a part tells others of, it tells them only once all of them are there.
  const membership: Membership = new Membership(state, news, own, {
    onStatus: (ref, before, after, at) => {
      detection.onStatus(ref, before, after, at)
      payloads.onChange(ref, after, at)
      if (after === undefined) coordinates?.forget(ref)
      if (after === undefined) flaps.onGone(ref)
      if (after === undefined || after >= Status.Failed) paths.onGone(ref)
      if (after !== undefined && after >= Status.Failed) {
        own.onOtherGone()
        rumours.onOtherGone()
        news.onOtherGone()
      }
      if (after === Status.Failed) rejoin.onFailed(at)
      else if (before === Status.Failed && after === Status.Alive) syncs.onReturn(at)
    },
    onHeldFailed: (at) => gossip.tellSuspects(at),
    onReturn: (ref, at) => flaps.onReturn(ref, at),
    onRecord: (ref, before, at) => {
      paths.onRecord(ref, before)
      payloads.onChange(ref, table.status(ref), at)
      detection.onRecord(ref, before, at)
    },
  })
  const gossip: GossipPace = new GossipPace(state, membership, outbox)
  const pings = new PingService(state, outbox)
  const paths = new PathChecks(state, news, pings)
  const flaps = new Flaps(state, news)
  const looks = new Looks(state, pings)
  const witness = new Witness(state, membership, looks)
  const introductions = new Introductions(state, membership, own, news, outbox, pings, paths)
  const configuration = new Configuration(
    state,
    news,
    (name) => detection.has(name),
    (before, at) => detection.reconfigured(before, at),
  )
  const requests = new Requests(state, outbox)
  const rumours = new Rumours(state, news, outbox, requests)
  const payloads = new Payloads(state, news, outbox, requests, options.hash)
  if (options.payload !== undefined) payloads.own(options.payload)
  const directs = new Directs(state, outbox, requests)
  const queries = new Queries(state, outbox, rumours)
  const synchronizer = new Synchronizer(state, membership, rumours)
  const syncs: Syncs = new Syncs(
    state,
    own,
    introductions,
    synchronizer,
    configuration,
    paths,
    requests,
    rumours,
  )
  const reception = new Reception(state, own, introductions, synchronizer, configuration)
  const joins = new Joins(
    state,
    own,
    introductions,
    synchronizer,
    configuration,
    outbox,
    requests,
    syncs,
    rumours,
  )
  const rejoin: Rejoin = new Rejoin(state, own, syncs)
  const departures = new Departures(state, membership, outbox, requests)
  const judgement = new Judgement(state, membership)
  const detection: Detection = new Detection(state, judgement, pings, looks, outbox, news, detectors)
  return {
    state,
    outbox,
    news,
    own,
    membership,
    gossip,
    pings,
    paths,
    flaps,
    looks,
    witness,
    introductions,
    configuration,
    requests,
    rumours,
    synchronizer,
    payloads,
    directs,
    queries,
    syncs,
    reception,
    joins,
    rejoin,
    departures,
    judgement,
    detection,
  }
}

function createState(options: EngineOptions): CoreState {
  const { codec, detectors, doubt = true, now, random, roster, settings, wallSeconds } = options
  const record = recordWithPayload(options)
  const first = detectors[0]
  if (first === undefined) throw new TypeError('an engine needs at least one detector')
  for (const detector of detectors) {
    if (detector.api !== 1) {
      throw new TypeError(
        `detector ${JSON.stringify(detector.name)} speaks plugin contract ${detector.api}; this build speaks 1`,
      )
    }
  }
  const table =
    roster === undefined ? new MemberTable(options.directory ?? new Directory()) : roster.tableOf(record.name)
  if (roster === undefined && table.add(record, options.incarnation, now) === undefined) {
    throw new RangeError('the directory is full: it holds 1,048,576 names')
  }
  const counters = createCounters()
  const coordinates =
    options.coordinates === false ? undefined : new Coordinates(table, counters, random.fork('coordinates'))
  return {
    settings,
    table,
    timers: new TimerHeap(),
    health: new HealthScore(settings.healthMax),
    doubt: new SelfDoubt(table, doubt),
    roundTrips: new RoundTrips(settings, table, coordinates),
    coordinates,
    trace: new Trace(options.traceCapacity ?? 512),
    counters,
    random: random.fork('engine'),
    sampler: createSampler(table, random.fork('sampler')),
    codec,
    queue: options.disseminator ?? new PiggybackQueue(undefined, () => counters.updatesDropped++),
    rumours: undefined,
    hooks: options.hooks ?? {},
    newNames: new NewNames(settings.newNamesPerSource),
    maxPacketBytes: options.maxPacketBytes,
    packets: options.packets,
    streams: options.streams,
    sender: { name: record.name, boot: record.boot, incarnation: options.incarnation },
    config: { epoch: 0, detector: first.name, suspicion: true },
    due: 0,
    wallSeconds: (at) => wallSeconds + (at - now) / 1_000,
  }
}

function recordWithPayload({ hash, payload, record }: EngineOptions): PeerRecord {
  if (payload === undefined || payload.length === 0) return record
  return { ...record, payload: payloadRefOf(payload, hash) }
}
