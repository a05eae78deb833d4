import { type Detector, jsonCodec, ringSuccessor, roundRobin, swimCodec, uniform } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import {
  type LookOrder,
  type Parts,
  runScenario,
  type Scenario,
  type ScenarioResult,
} from '@swimkit/simulator'

const strategies = { random: uniform, 'round-robin': roundRobin, 'ring-successor': ringSuccessor } as const

/** Another detector to switch to. */
const roulette: Detector = { ...pingAck({ strategy: uniform }), name: 'roulette' }

/** A scenario, and by name what it runs with: all of it is data. */
export interface Schedule {
  readonly codec: 'swim' | 'json'
  /** How the detector that runs first chooses whom to look at; `heartbeats`: the gossip detector, which looks where it hears nothing. */
  readonly look: LookOrder | 'heartbeats'
  readonly scenario: Scenario
}

/** Runs a schedule under all invariants. Throws a `SimulationFailure`. */
export function runSchedule({ codec, look, scenario }: Schedule): ScenarioResult {
  const parts: Parts = {
    detectors: () =>
      look === 'heartbeats'
        ? [gossip(), pingAck(), roulette]
        : [pingAck({ strategy: strategies[look] }), gossip(), roulette],
    codec: codec === 'json' ? jsonCodec() : swimCodec(),
    look: look === 'heartbeats' ? 'ring-successor' : look,
  }
  return runScenario(scenario, parts, { keepEvents: false })
}
