export { GroundTruth } from './invariants/ground-truth.ts'
export { Inspection } from './invariants/inspection.ts'
export { type Invariant, InvariantViolation, type Watch } from './invariants/invariant.ts'
export { allInvariants } from './invariants/invariants.ts'
export type { Entry, Input, Process } from './invariants/process.ts'
export { Agreement } from './measure/agreement.ts'
export { type Curve, shareCurve } from './measure/curve.ts'
export { type Death, Detection, type DetectionReport, type Timeline } from './measure/detection.ts'
export { Dissemination, type DisseminationReport } from './measure/dissemination.ts'
export { type FalsePositiveReport, FalsePositives } from './measure/false-positives.ts'
export { type Life, Lives } from './measure/lives.ts'
export { Load, type LoadMark, type LoadReport } from './measure/load.ts'
export { Measures, type MeasuresReport } from './measure/measures.ts'
export { pooled, quantile, type Spread, spreadOf } from './measure/quantile.ts'
export { type Conditions, ConditionsError, quietNetwork } from './network/conditions.ts'
export type { Latency } from './network/latency.ts'
export { LinkRules, type Places } from './network/rules.ts'
export type { Traffic } from './network/traffic.ts'
export type { NodeState, SimNode } from './nodes/sim-node.ts'
export type { Observer } from './observer.ts'
export type { AddOptions, NodeLike, SimulationOptions } from './options.ts'
export { ScenarioError } from './scenario/check.ts'
export { type FailureDetails, SimulationFailure } from './scenario/failure.ts'
export { runScenario, type ScenarioOptions, type ScenarioResult } from './scenario/run.ts'
export type {
  Assertion,
  LookOrder,
  NodeNames,
  Operation,
  Parts,
  Scenario,
  Step,
} from './scenario/scenario.ts'
export { Simulation } from './simulation.ts'
export { SimTrace, type SimTraceEntry, type TraceKind } from './trace.ts'
