export type {
  Disseminator,
  QueuedUpdate,
  UpdateSubject,
} from './dissemination/disseminator.ts'
export { PiggybackQueue } from './dissemination/piggyback-queue.ts'
export { capabilityOf, type SwitchOutcome } from './engine/configuration.ts'
export type { CounterName } from './engine/counters.ts'
export type {
  Detector,
  DetectorContext,
  DetectorHooks,
  DetectorTimer,
  LookOptions,
  LookOutcome,
  LookResult,
  Observation,
  PingOptions,
  PingOutcomeKind,
  PingPath,
  PingResult,
} from './engine/detector.ts'
export type {
  Delivery,
  Effects,
  EngineEvent,
  EngineEventType,
  OperationResult,
  RequestOutcome,
} from './engine/effects.ts'
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type FlapView,
  type RoundTripView,
  type SuspicionView,
} from './engine/engine.ts'
export { firstIncarnation } from './engine/incarnation-limits.ts'
export type { Memory } from './engine/memory.ts'
export type { Question } from './engine/messaging/queries.ts'
export type { PayloadHash, RecordChange } from './engine/payloads.ts'
export { maxProtocol, minProtocol } from './engine/protocol-version.ts'
export { createRandom, type Random } from './engine/random.ts'
export {
  type ProfileName,
  profiles,
  resolveSettings,
  type Settings,
  SettingsError,
  settingRanges,
} from './engine/settings.ts'
export { decodeSnapshot, encodeSnapshot, type SnapshotFault } from './engine/snapshot.ts'
export { tellingTime, transmitLimit } from './engine/tellings.ts'
export type { Millis } from './engine/time.ts'
export type { TraceEntry, TraceOutcome, TracePath } from './engine/trace.ts'
export * from './model/address.ts'
export { AllowList } from './model/allow-list.ts'
export type { Column, ColumnKind } from './model/column.ts'
export { Directory, samePayload } from './model/directory.ts'
export { healthDelta, type LocalHealth } from './model/local-health.ts'
export { mapIpv4, unmapIpv4 } from './model/mapped-ip.ts'
export type { Change, MemberView } from './model/member-table.ts'
export * from './model/peer.ts'
export type { Ref } from './model/ref.ts'
export { Roster } from './model/roster.ts'
export { sourceOf } from './model/source.ts'
export * from './model/status.ts'
export { confirmationsWanted, suspicionMin, suspicionTimeout } from './model/suspicion.ts'
export * from './node/api.ts'
export { bindError } from './node/bind-error.ts'
export { compose } from './node/compose.ts'
export { createNode } from './node/create-node.ts'
export * from './node/errors.ts'
export * from './node/host.ts'
export type { SnapshotStore } from './node/snapshot-store.ts'
export * from './node/transport.ts'
export * from './plugin/index.ts'
export {
  type Distance,
  distanceClasses,
  farthest,
  fingerDistance,
  ringDistance,
  roundTripDistance,
  xorDistance,
  zoneDistance,
} from './selection/distance.ts'
export type { HelperScheduler, HelperStrategy } from './selection/helpers.ts'
export { ringSuccessor } from './selection/ring-successor.ts'
export { roundRobin } from './selection/round-robin.ts'
export type { Sampler } from './selection/sampler.ts'
export {
  type PathView,
  type ProbeScheduler,
  type ProbeStrategy,
  unknownPaths,
} from './selection/strategy.ts'
export { type TopologyOptions, topologyAware } from './selection/topology-aware.ts'
export { uniform } from './selection/uniform.ts'
export { zoneHelpers } from './selection/zone-helpers.ts'
export * from './wire/index.ts'
