import { nameProblem } from '@swimkit/core'
import { checkConditions } from '../network/conditions.ts'
import type { Assertion, NodeNames, Operation, Scenario, Step } from './scenario.ts'

/** A scenario that cannot be run as it stands. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  /** Index of the step that is wrong; undefined where it is none. */
  readonly step: number | undefined

  constructor(step: number | undefined, what: string) {
    super(step === undefined ? what : `steps[${step}]: ${what}`)
    this.step = step
  }
}

const mostNodes = 100_000
const leastSaving = 100
const mostSaving = 3_600_000
const operations = [
  'add',
  'crash',
  'restart',
  'rival',
  'join',
  'leave',
  'forceLeave',
  'pause',
  'blockIo',
  'slow',
  'drift',
  'partition',
  'links',
  'switch',
  'update',
  'broadcast',
  'query',
  'send',
  'heal',
] as const satisfies readonly Operation['do'][]
const assertions = ['agreement', 'status', 'told', 'never'] as const satisfies readonly Assertion['expect'][]

/** Name of the node that starts in this place. */
export const nodeName = (place: number): string => `n${place}`

export const listOf = (names: NodeNames | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names

/**
 * Throws a {@link ScenarioError} that names the step and says what is allowed; `ConditionsError` for conditions. Settings are checked
 * where they are resolved.
 */
export function checkScenario({ duration, network, nodes, seeds, snapshots, steps }: Scenario): void {
  if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= mostNodes)) {
    throw new ScenarioError(undefined, `nodes is ${nodes}: must be a whole number 1..${mostNodes}`)
  }
  if (network !== undefined) checkConditions(network)
  const known = new Set(Array.from({ length: nodes }, (_, i) => nodeName(i)))
  for (const name of seeds ?? []) {
    if (!known.has(name)) throw new ScenarioError(undefined, `seeds: ${unknownName(name, nodes)}`)
  }
  if (duration !== undefined && !isTime(duration)) {
    throw new ScenarioError(undefined, `duration is ${duration}: must be milliseconds from 0 on`)
  }
  if (snapshots !== undefined && !(snapshots >= leastSaving && snapshots <= mostSaving)) {
    throw new ScenarioError(
      undefined,
      `snapshots is ${snapshots}: must be ${leastSaving}..${mostSaving} milliseconds`,
    )
  }
  let last = 0
  for (const [i, step] of steps.entries()) {
    const fail = (what: string): never => {
      throw new ScenarioError(i, what)
    }
    if (!isTime(step.at)) fail(`at is ${step.at}: must be milliseconds from 0 on`)
    if (step.at < last) fail(`at is ${step.at}, before the step before it, which is at ${last}`)
    last = step.at
    if (duration !== undefined && step.at > duration) {
      fail(`at is ${step.at}, after the end at ${duration}`)
    }
    if ('do' in step && step.do === 'add') {
      if (known.has(step.node)) fail(`there is a node ${JSON.stringify(step.node)} already`)
      known.add(step.node)
    }
    for (const name of namesIn(step)) if (!known.has(name)) fail(unknownName(name, nodes))
    if ('do' in step) checkOperation(step, snapshots !== undefined, fail)
    else checkAssertion(step, fail)
  }
}

function checkOperation(step: Operation, saves: boolean, fail: (what: string) => never): void {
  if ('for' in step && step.for !== undefined && !(isTime(step.for) && step.for > 0)) {
    fail(`for is ${step.for}: must be milliseconds above 0`)
  }
  switch (step.do) {
    case 'restart':
    case 'rival':
      if (step.do === 'restart' && step.rejoin && !saves) {
        fail('rejoin: the scenario has to say in `snapshots` how often they are saved')
      }
      if (step.clock !== undefined && !Number.isInteger(step.clock)) {
        fail(`clock is ${step.clock}: must be whole seconds, negative: behind`)
      }
      return
    case 'blockIo':
      if (step.for === undefined)
        fail('for is missing: how long sends and receives are held, in milliseconds')
      return
    case 'slow':
      if (!isTime(step.by)) fail(`by is ${step.by}: must be milliseconds from 0 on`)
      return
    case 'drift':
      if (!(step.rate >= 0.1 && step.rate <= 10)) fail(`rate is ${step.rate}: must be 0.1..10`)
      return
    case 'partition': {
      if (step.groups.length < 2) fail('groups: must be at least two')
      const all = step.groups.flat()
      const twice = all.find((name, i) => all.indexOf(name) !== i)
      if (twice !== undefined) fail(`${JSON.stringify(twice)} is in two groups`)
      return
    }
    case 'links':
      checkConditions(step.change)
      return
    case 'broadcast':
    case 'query': {
      const problem = nameProblem(step.name)
      if (problem !== undefined) fail(`name ${JSON.stringify(step.name)}: ${problem}`)
      if (
        step.do === 'query' &&
        step.timeout !== undefined &&
        !(step.timeout >= 10 && step.timeout <= 600_000)
      ) {
        fail(`timeout is ${step.timeout}: must be 10..600000 milliseconds`)
      }
      return
    }
    case 'update':
      if (
        step.payload !== undefined &&
        !(Number.isInteger(step.payload) && step.payload >= 0 && step.payload <= 65_536)
      ) {
        fail(`payload is ${step.payload}: must be a whole number of bytes, 0..65536`)
      }
      return
    case 'add':
    case 'crash':
    case 'join':
    case 'leave':
    case 'forceLeave':
    case 'pause':
    case 'switch':
    case 'send':
    case 'heal':
      return
    default:
      fail(`do is ${JSON.stringify((step as { do: unknown }).do)}: must be one of ${operations.join(', ')}`)
  }
}

function checkAssertion(step: Assertion, fail: (what: string) => never): void {
  if (!assertions.includes(step.expect)) {
    fail(`has neither do (${operations.join(', ')}) nor expect (${assertions.join(', ')})`)
  }
  if ('within' in step && step.within !== undefined && !isTime(step.within)) {
    fail(`within is ${step.within}: must be milliseconds from 0 on`)
  }
}

/** All nodes that a step names. */
function namesIn(step: Step): readonly string[] {
  if ('expect' in step) {
    switch (step.expect) {
      case 'status':
        return [...listOf(step.node), ...listOf(step.by)]
      case 'told':
        return listOf(step.by)
      case 'never':
        return listOf(step.node)
      default:
        return []
    }
  }
  switch (step.do) {
    case 'partition':
      return step.groups.flat()
    case 'links':
      return [...listOf(step.from), ...listOf(step.to)]
    case 'heal':
      return []
    case 'add':
      return [step.node, ...listOf(step.via), ...listOf(step.insteadOf)]
    case 'forceLeave':
      return [step.node, step.member]
    case 'send':
      return [...listOf(step.node), step.to]
    case 'restart':
    case 'rival':
    case 'join':
      return [...listOf(step.node), ...listOf(step.via)]
    default:
      return listOf(step.node)
  }
}

const isTime = (ms: number): boolean => Number.isFinite(ms) && ms >= 0

const unknownName = (name: string, nodes: number): string =>
  `there is no node ${JSON.stringify(name)}: there are n0 to n${nodes - 1}, and those that earlier steps add`
