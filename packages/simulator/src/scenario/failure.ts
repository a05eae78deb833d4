import { type Millis, statusNames } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Simulation } from '../simulation.ts'
import type { SimTraceEntry } from '../trace.ts'
import type { Scenario } from './scenario.ts'

/** Trace records that a message shows. */
const shown = 40

export interface FailureDetails {
  /** The invariant's name, `expect <what>` for an assertion, or `error` where something threw. */
  readonly check: string
  /** What was found. */
  readonly what: string
  /** What ought to be. */
  readonly rule: string | undefined
  /** The node at which it was seen, and the member that it is about. */
  readonly at: string | undefined
  readonly about: string | undefined
  /** Virtual milliseconds. */
  readonly instant: Millis
}

/**
 * A scenario did not go as it must. The message has all that it takes to look into it: what was found where, the last that happened,
 * what the node knows of that member, and the scenario, which does the same each time it is run.
 */
export class SimulationFailure extends Error implements FailureDetails {
  override readonly name = 'SimulationFailure'
  readonly check: string
  readonly what: string
  readonly rule: string | undefined
  readonly at: string | undefined
  readonly about: string | undefined
  readonly instant: Millis
  readonly seed: number
  /** Of everything up to the failure. */
  readonly traceHash: string
  readonly scenario: Scenario
  /** The last that happened, oldest first, a line each. */
  readonly trace: readonly string[]
  /** What the node knows of the member, a line each. */
  readonly explain: readonly string[]

  constructor(
    scenario: Scenario,
    simulation: Simulation,
    details: Omit<FailureDetails, 'at' | 'instant'> & { readonly at: SimNode | undefined },
    options?: ErrorOptions,
  ) {
    const { about, at, check, rule, what } = details
    const seed = scenario.seed ?? 1
    const instant = simulation.now
    const traceHash = simulation.trace.hash
    const trace = simulation.trace.latest(shown).map((entry) => showEntry(entry, simulation.names))
    const explain = explained(at, about)
    const where = [at === undefined ? '' : `at ${at.name}`, about === undefined ? '' : `about ${about}`]
      .filter((part) => part !== '')
      .join(' ')
    super(
      [
        `${check}, ${where === '' ? '' : `${where}, `}${clock(instant)}: ${what}`,
        ...(rule === undefined ? [] : [`The rule: ${rule}.`]),
        '',
        `What happened last (trace ${traceHash}, seed ${seed}):`,
        ...trace.map((line) => `  ${line}`),
        ...(explain.length === 0
          ? []
          : ['', `What ${at?.name} knows of ${about}:`, ...explain.map((line) => `  ${line}`)]),
        '',
        'It happens again with runScenario, the same parts, and:',
        JSON.stringify({ ...scenario, seed }),
      ].join('\n'),
      options,
    )
    this.check = check
    this.what = what
    this.rule = rule
    this.at = at?.name
    this.about = about
    this.instant = instant
    this.seed = seed
    this.traceHash = traceHash
    this.scenario = { ...scenario, seed }
    this.trace = trace
    this.explain = explain
  }
}

const clock = (ms: Millis): string => `${(ms / 1_000).toFixed(3)} s`

function showEntry({ at, detail, kind, node, other }: SimTraceEntry, names: readonly string[]): string {
  const time = clock(at).padStart(12)
  const one = names[node] ?? ''
  const two = names[other] ?? ''
  switch (kind) {
    case 'packet':
    case 'request':
    case 'reply':
      return `${time}  ${one} → ${two}  ${kind} of ${detail} bytes`
    case 'rules':
      return `${time}  links are ${detail === 1 ? 'changed' : 'as before'}`
    case 'start':
      return `${time}  ${one}  starts at incarnation ${detail}`
    case 'crash':
      return `${time}  ${one}  crashes${detail === 1 ? ' with its machine' : ''}`
    case 'pause':
    case 'call':
      return `${time}  ${one}  ${kind}`
    case 'resume':
    case 'unblock':
      return `${time}  ${one}  ${kind}, with ${detail} inputs waiting`
    case 'block':
    case 'slow':
      return `${time}  ${one}  ${kind} ${detail} ms`
    case 'drift':
      return `${time}  ${one}  clock at ${detail / 1_000}`
    default:
      return `${time}  ${one}  ${kind} ${two}@${detail}`
  }
}

/** What a node holds of a member and the evidence that it keeps, oldest first. */
function explained(at: SimNode | undefined, about: string | undefined): string[] {
  if (at === undefined || about === undefined || at.state === 'gone') return []
  const { engine } = at
  const { members } = engine
  const ref = members.find(about)
  if (ref === undefined) return ['nothing: it is not a member']
  const held = `${statusNames[members.status(ref)]}@${members.incarnation(ref)}, record of ${members.recordIncarnation(ref)}, since ${clock(members.since(ref))}`
  const suspicion = engine.suspicion(ref)
  const accusers = suspicion?.accusations.map(({ accuser, evidence }) => `${accuser} (${evidence})`)
  return [
    held,
    ...(suspicion === undefined
      ? []
      : [
          `suspected since ${clock(suspicion.start)} until ${clock(suspicion.deadline)} by ${accusers?.join(', ')}`,
        ]),
    ...engine.explain(ref).map(({ at: instant, by, incarnation, outcome, path }) => {
      const who = by === undefined ? 'somebody unknown' : members.name(by)
      return `${clock(instant).padStart(12)}  ${path} ${outcome}@${incarnation} by ${who}`
    }),
  ]
}
