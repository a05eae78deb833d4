import { type Delivery, type EngineEvent, type Millis, statusNames } from '@swimkit/core'
import type { GroundTruth } from '../invariants/ground-truth.ts'
import { disagreement } from '../invariants/rest.ts'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import { listOf } from './check.ts'
import type { Assertion } from './scenario.ts'

/** What does not hold: in words, and where to look. */
export interface Shortfall {
  readonly what: string
  readonly at: SimNode | undefined
  readonly about: string | undefined
}

/** What is expected within a time is looked at so often. */
const looksWithin = 100

/** Looks whether what a scenario expects holds. */
export class Assertions implements Observer {
  readonly #simulation: Simulation
  readonly #truth: GroundTruth
  /** The first event of each type about each name. */
  readonly #events = new Map<string, { readonly node: SimNode; readonly at: Millis }>()
  /** Processes that were told of broadcasts of a name. */
  readonly #told = new Map<string, Set<SimNode>>()

  constructor(simulation: Simulation, truth: GroundTruth) {
    this.#simulation = simulation
    this.#truth = truth
    simulation.observe(this)
  }

  event(node: SimNode, { record, type }: EngineEvent, now: Millis): void {
    for (const about of [record.name, '']) {
      const key = `${type} ${about}`
      if (!this.#events.has(key)) this.#events.set(key, { node, at: now })
    }
  }

  delivered(node: SimNode, delivery: Delivery): void {
    if (delivery.kind !== 'event') return
    const { name } = delivery.event
    const told = this.#told.get(name) ?? new Set()
    this.#told.set(name, told.add(node))
  }

  /** Calls `fail` now, or when the time is over in which it was to come to hold. */
  expect(assertion: Assertion, fail: (shortfall: Shortfall) => never): void {
    const within = 'within' in assertion ? (assertion.within ?? 0) : 0
    const end = this.#simulation.now + within
    const look = (): void => {
      const shortfall = this.shortfall(assertion)
      if (shortfall === undefined) return
      if (this.#simulation.now >= end) fail(shortfall)
      this.#simulation.after(Math.min(within / looksWithin, end - this.#simulation.now), look)
    }
    look()
  }

  /** What is missing now; undefined if it holds. */
  shortfall(assertion: Assertion): Shortfall | undefined {
    switch (assertion.expect) {
      case 'agreement':
        return this.#disagreement()
      case 'status':
        return this.#wrongStatus(assertion)
      case 'never':
        return this.#happened(assertion)
      case 'told':
        return this.#untold(assertion)
    }
  }

  #disagreement(): Shortfall | undefined {
    const found = disagreement(this.#truth)
    return found === undefined ? undefined : { what: found.what, at: found.at.node, about: found.about }
  }

  #wrongStatus({ by, is, node }: Extract<Assertion, { expect: 'status' }>): Shortfall | undefined {
    for (const name of listOf(node)) {
      for (const observer of this.#observers(by, name)) {
        const { members } = observer.engine
        const ref = members.find(name)
        const held = ref === undefined ? 'unknown' : statusNames[members.status(ref)]
        if (held !== is) return { what: `holds it ${held}, not ${is}`, at: observer, about: name }
      }
    }
    return undefined
  }

  #untold({ by, name }: Extract<Assertion, { expect: 'told' }>): Shortfall | undefined {
    const missing = this.#observers(by, '').find((node) => !this.#told.get(name)?.has(node))
    if (missing === undefined) return undefined
    return { what: `has not been told of ${JSON.stringify(name)}`, at: missing, about: undefined }
  }

  #observers(by: string | readonly string[] | undefined, about: string): SimNode[] {
    const running = this.#truth.running().map(({ node }) => node)
    if (by === undefined) return running.filter(({ name }) => name !== about)
    const named = listOf(by)
    return running.filter(({ name }) => named.includes(name))
  }

  #happened({ event, node }: Extract<Assertion, { expect: 'never' }>): Shortfall | undefined {
    for (const about of node === undefined ? [''] : listOf(node)) {
      const seen = this.#events.get(`${event} ${about}`)
      if (seen === undefined) continue
      const what = `reported ${event} at ${seconds(seen.at)}, which was never to happen`
      return { what, at: seen.node, about: about === '' ? undefined : about }
    }
    return undefined
  }
}

const seconds = (ms: Millis): string => `${(ms / 1_000).toFixed(3)} s`
