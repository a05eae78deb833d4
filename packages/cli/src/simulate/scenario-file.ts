import type { Scenario, Step } from '@swimkit/simulator'
import * as v from 'valibot'
import { parseDocument } from '../config/document.ts'
import { formatDuration } from '../config/duration.ts'
import { readNamedFile } from '../config/named-file.ts'
import { CliError } from '../errors.ts'
import { document } from './scenario-schema.ts'

/** A scenario as a file has it: some of it may also come from flags. */
export type ScenarioFile = Partial<Omit<Scenario, 'steps'>> & {
  readonly path: string
  readonly detector?: string
  readonly codec?: string
  /** In order of their instants. */
  readonly steps: readonly Step[]
  /** Where in the file each of `steps` stands. */
  readonly positions: readonly number[]
}

/** Reads a scenario, YAML or JSON. Throws a {@link CliError} with exit code 2 that says where in the file what is wrong. */
export async function readScenario(path: string): Promise<ScenarioFile> {
  const bytes = await readNamedFile('--scenario', path)
  return parseScenario(path, new TextDecoder().decode(bytes))
}

/** See {@link readScenario}. */
export async function parseScenario(path: string, text: string): Promise<ScenarioFile> {
  const content = camelKeys(await parseDocument(path, text), [], (what) => fail(path, what))
  if (Array.isArray(content)) fail(path, 'must be a map, not a list')
  const result = v.safeParse(document, content, { abortEarly: true, abortPipeEarly: true })
  if (!result.success) {
    const [issue] = result.issues
    const where = pathText((issue.path ?? []).map(({ key }) => key as string | number)) // maps and lists alone: see the schema
    // Of a key that is not known, the place says it all.
    const obvious =
      issue.input === undefined ||
      typeof issue.input === 'object' ||
      (issue.type === 'strict_object' && issue.expected === 'never')
    const given = obvious ? '' : `${show(issue.input)} is not allowed: `
    fail(path, `${where === '' ? '' : `${where}: `}${given}${issue.message}`)
  }
  const { steps, ...rest } = result.output
  const ordered = steps.map((step, position) => ({ step, position })).sort((a, b) => a.step.at - b.step.at)
  return {
    ...rest,
    path,
    steps: ordered.map(({ step }) => step),
    positions: ordered.map(({ position }) => position),
  }
}

/**
 * Checks what one field says against another: that each node exists by the time something is done to it, that nobody is on two sides of a
 * partition, and that no step comes after the end. Throws as {@link readScenario} does.
 */
export function checkSteps(
  { path, positions, seeds = [], snapshots, steps }: ScenarioFile,
  nodes: number,
  duration: number | undefined,
): void {
  const known = new Set(Array.from({ length: nodes }, (_, i) => `n${i}`))
  const among = (name: string, where: string): void => {
    if (!known.has(name)) {
      fail(
        path,
        `${where}: there is no node ${show(name)}: there are n0 to n${nodes - 1}, and those that earlier steps add`,
      )
    }
  }
  for (const name of seeds) among(name, 'seeds')
  for (const [i, step] of steps.entries()) {
    const where = `steps[${positions[i]}]`
    if (duration !== undefined && step.at > duration) {
      fail(
        path,
        `${where}.at: ${formatDuration(step.at)} is not allowed: the scenario takes ${formatDuration(duration)}`,
      )
    }
    if ('do' in step && step.do === 'restart' && step.rejoin && snapshots === undefined) {
      fail(path, `${where}.rejoin: needs snapshots: how often the nodes save theirs, such as 5s`)
    }
    if ('do' in step && step.do === 'add') {
      if (known.has(step.node)) fail(path, `${where}.node: there is a node ${show(step.node)} already`)
      known.add(step.node)
    }
    for (const [key, name] of mentioned(step)) among(name, `${where}.${key}`)
    if ('do' in step && step.do === 'partition') {
      const all = new Set<string>()
      for (const name of step.groups.flat()) {
        if (all.has(name)) fail(path, `${where}.groups: ${show(name)} is in two of them, or twice in one`)
        all.add(name)
      }
    }
  }
}

/** Nodes that a step names, with the field that does. */
function* mentioned(step: Step): Generator<readonly [key: string, name: string]> {
  const fields = step as Readonly<Record<string, unknown>> // by name: which fields there are differs
  for (const key of ['node', 'by', 'from', 'to', 'via', 'insteadOf', 'member', 'groups']) {
    const value = fields[key]
    const names = typeof value === 'string' ? [value] : Array.isArray(value) ? value.flat() : []
    for (const name of names) yield [key, String(name)]
  }
}

function fail(path: string, what: string): never {
  throw new CliError(2, `file ${path}: ${what}`)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** `steps[2].groups[0]`. */
const pathText = (path: readonly (string | number)[]): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')

/** Keys may be written in kebab case, as the flags are. */
function camelKeys(
  value: unknown,
  path: readonly (string | number)[],
  complain: (what: string) => never,
): unknown {
  if (Array.isArray(value)) return value.map((each, i) => camelKeys(each, [...path, i], complain))
  if (typeof value !== 'object' || value === null) return value
  const fields: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(value)) {
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (Object.hasOwn(fields, name)) complain(`${pathText([...path, name])}: is given twice`)
    Object.defineProperty(fields, name, {
      value: camelKeys(each, [...path, name], complain),
      enumerable: true,
    })
  }
  return fields
}
