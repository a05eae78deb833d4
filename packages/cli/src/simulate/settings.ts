import { type ProfileName, resolveSettings, type Settings, SettingsError } from '@swimkit/core'
import type { Conditions, Scenario } from '@swimkit/simulator'
import * as v from 'valibot'
import { formatDuration } from '../config/duration.ts'
import { loadSettings } from '../config/load.ts'
import { duration, number } from '../config/schemas.ts'
import { timings } from '../config/timings.ts'
import { CliError, reasonOf } from '../errors.ts'
import { type SimulateKey, sharedKeys } from './fields.ts'
import { latencyAllowed, parseLatency } from './latency.ts'
import { checkSteps, readScenario, type ScenarioFile } from './scenario-file.ts'
import { maxNodes } from './scenario-schema.ts'
import { durationFor, type Faults, schedule } from './schedule.ts'

/** All that `simulate` needs to know, checked, with the defaults filled in. */
export interface SimulateSettings {
  readonly nodes: number
  /** Of the first run. */
  readonly seed: number
  readonly runs: number
  readonly detector: string
  readonly codec: string
  readonly profile: ProfileName
  /** Of the protocol, as the nodes have them. */
  readonly protocol: Settings
  /** Where the HTML page is to go. */
  readonly report: string | undefined
  readonly json: boolean
  /** Whether the protocol's invariants are checked throughout. Default: with a scenario's file, up to {@link checkedNodes} nodes. */
  readonly check: boolean
  /** What happens in the run of a seed. */
  scenario(seed: number): Scenario
}

/** To check the invariants is to look at all that a node knows after each of its inputs: in larger clusters only some are looked at. */
export const checkedNodes = 256
/** What only says something about another flag. */
const needs = {
  'pause-for': 'pause',
  'partition-for': 'partition',
  'churn-down': 'churn',
} as const satisfies { readonly [K in SimulateKey]?: SimulateKey }
const maxRuns = 1_000
const maxSeed = 4_294_967_295
const maxSteps = 100_000
const day = 86_400_000

const path = v.pipe(v.string('must be the path of a file'), v.nonEmpty('must be the path of a file'))
const partitionAllowed = 'must be a share of the nodes between 0 and 1 (0.3), or how many (5)'

const schemas = {
  nodes: number(1, maxNodes, true),
  seed: number(0, maxSeed, true),
  runs: number(1, maxRuns, true),
  duration: duration(100, day),
  form: v.boolean(),
  loss: number(0, 1, false),
  latency: v.pipe(
    v.string(latencyAllowed),
    v.check((text) => parseLatency(text) !== undefined, latencyAllowed),
    v.transform((text) => parseLatency(text)!),
  ),
  crash: number(0, maxNodes, true),
  pause: number(0, maxNodes, true),
  'pause-for': duration(1, day),
  partition: v.union(
    [
      v.pipe(
        v.literal(true),
        v.transform(() => 0.5),
      ),
      v.pipe(
        number(0, maxNodes, false),
        v.check((n) => n > 0 && (n < 1 || Number.isInteger(n)), partitionAllowed),
      ),
    ],
    partitionAllowed,
  ),
  'partition-for': duration(1, day),
  churn: number(0, 6_000, false),
  'churn-down': duration(1, day),
  scenario: path,
  check: v.boolean(),
  report: path,
  json: v.boolean(),
} satisfies Record<SimulateKey, v.GenericSchema<never, unknown> | v.GenericSchema>

type Values = { readonly [K in SimulateKey]?: v.InferOutput<(typeof schemas)[K]> }

/** What a scenario's file says itself. */
const ofScenario = [
  'form',
  'crash',
  'pause',
  'pause-for',
  'partition',
  'partition-for',
  'churn',
  'churn-down',
] as const satisfies readonly SimulateKey[]

/**
 * What is to be simulated, from flags by their names and, if one is named, a file: flags win over the file. Throws a {@link CliError}
 * with exit code 2 that names the source, the value and what is allowed.
 */
export async function simulateSettings(flags: Readonly<Record<string, unknown>>): Promise<SimulateSettings> {
  const values = checkFlags(flags)
  const file = values.scenario === undefined ? undefined : await readScenario(values.scenario)
  if (file !== undefined) {
    const both = ofScenario.find((key) => values[key] !== undefined)
    if (both !== undefined) {
      throw new CliError(2, `--${both} and --scenario contradict each other: say it in the file`)
    }
  }
  // The environment is for nodes that run: a simulation is to be the same wherever it is repeated.
  const shared = Object.fromEntries(sharedKeys.map((key) => [key, flags[key]]))
  const loaded = loadSettings({ flags: shared, env: {} })
  const profile = loaded.values.profile ?? file?.profile ?? 'lan'
  const overrides = { ...file?.settings, ...timings(loaded, profile) }
  const protocol = resolved(profile, overrides, values.scenario)
  const nodes = values.nodes ?? file?.nodes ?? 100
  const seed = values.seed ?? file?.seed ?? 1
  const runs = values.runs ?? 1
  if (seed + runs - 1 > maxSeed) {
    throw new CliError(
      2,
      `--runs: ${runs} is not allowed: from seed ${seed} on there are only ${maxSeed - seed + 1} more`,
    )
  }
  if (values.check === true && nodes > checkedNodes) {
    throw new CliError(2, `--check: ${nodes} nodes are not allowed: at most ${checkedNodes}`)
  }
  const network: Partial<Conditions> = {
    ...file?.network,
    ...(values.loss === undefined ? {} : { loss: values.loss }),
    ...(values.latency === undefined ? {} : { latency: values.latency }),
  }
  const common = { nodes, profile, settings: overrides, network }
  return {
    nodes,
    seed,
    runs,
    detector: loaded.values.detector ?? file?.detector ?? 'pingack',
    codec: loaded.values.codec ?? file?.codec ?? 'swim',
    profile,
    protocol,
    report: values.report,
    json: values.json ?? false,
    check: values.check ?? (file !== undefined && nodes <= checkedNodes),
    scenario:
      file === undefined ? scenarioOfFlags(common, values, protocol) : scenarioOfFile(common, values, file),
  }
}

type Common = Pick<Scenario, 'network' | 'nodes' | 'profile' | 'settings'>

function scenarioOfFlags(common: Common, values: Values, protocol: Settings): (seed: number) => Scenario {
  const { nodes } = common
  const faults = faultsOf(values, nodes, protocol)
  const duration = values.duration ?? durationFor(nodes, protocol, faults)
  if ((faults.churn * duration) / 60_000 > maxSteps) {
    throw new CliError(
      2,
      `--churn: ${faults.churn} a minute is too much for that duration: at most ${maxSteps} in all`,
    )
  }
  const start = values.form ? 'form' : 'converged'
  return (seed) => ({
    ...common,
    seed,
    start,
    ...schedule(nodes, protocol, faults, duration, seed),
  })
}

function scenarioOfFile(common: Common, values: Values, file: ScenarioFile): (seed: number) => Scenario {
  const { name, seeds, snapshots, start = 'converged', steps } = file
  const last = steps.at(-1)?.at ?? 0
  if (values.duration !== undefined && values.duration < last) {
    throw new CliError(
      2,
      `--duration: ${formatDuration(values.duration)} is not allowed: the scenario's last step is at ${formatDuration(last)}`,
    )
  }
  const duration = values.duration ?? file.duration
  checkSteps(file, common.nodes, duration)
  return (seed) => ({
    ...common,
    seed,
    start,
    steps,
    ...(name === undefined ? {} : { name }),
    ...(seeds === undefined ? {} : { seeds }),
    ...(snapshots === undefined ? {} : { snapshots }),
    ...(duration === undefined ? {} : { duration }),
  })
}

function faultsOf(values: Values, nodes: number, { probeInterval }: Settings): Faults {
  const { churn = 0, pause = 0, partition } = values
  const nothingElse = churn === 0 && pause === 0 && partition === undefined
  const { crash = nothingElse && nodes > 1 ? 1 : 0 } = values
  const apart = partition === undefined ? 0 : partition < 1 ? Math.round(nodes * partition) : partition
  if (partition !== undefined && (apart < 1 || apart >= nodes)) {
    throw new CliError(2, `--partition: ${apart} of ${nodes} nodes is not allowed: some must be on each side`)
  }
  const hurt = crash + pause + (churn > 0 ? 1 : 0)
  if (hurt >= nodes && hurt > 0) {
    const flag = crash > 0 ? 'crash' : pause > 0 ? 'pause' : 'churn'
    throw new CliError(
      2,
      `--${flag}: ${hurt} of ${nodes} nodes is not allowed: one at least must be left alone`,
    )
  }
  return {
    crash,
    pause,
    pauseFor: values['pause-for'] ?? 10 * probeInterval,
    partition: apart,
    partitionFor: values['partition-for'],
    churn,
    churnDown: values['churn-down'] ?? 5 * probeInterval,
  }
}

function checkFlags(flags: Readonly<Record<string, unknown>>): Values {
  const values: Record<string, unknown> = {}
  for (const key of Object.keys(schemas) as SimulateKey[]) {
    const raw = flags[key]
    if (raw === undefined) continue
    const result = v.safeParse(schemas[key], raw, { abortEarly: true, abortPipeEarly: true })
    if (!result.success) {
      const { message } = result.issues[0]
      throw new CliError(2, `--${key}: ${JSON.stringify(raw)} is not allowed: ${message}`)
    }
    values[key] = result.output
  }
  for (const [key, other] of Object.entries(needs)) {
    if (values[key] !== undefined && values[other] === undefined) {
      throw new CliError(2, `--${key}: needs --${other}`)
    }
  }
  return values as Values // each was checked by its own schema
}

function resolved(profile: ProfileName, overrides: Partial<Settings>, file: string | undefined): Settings {
  try {
    return resolveSettings(profile, overrides)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw new CliError(2, file === undefined ? reasonOf(error) : `file ${file}: settings: ${reasonOf(error)}`)
  }
}
