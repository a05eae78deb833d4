import type { Address, Millis } from '@swimkit/core'
import type { GroundTruth } from '../invariants/ground-truth.ts'
import type { SimNode } from '../nodes/sim-node.ts'
import type { AddOptions } from '../options.ts'
import type { Simulation } from '../simulation.ts'
import { listOf } from './check.ts'
import type { Joining } from './joining.ts'
import type { NodeNames, Operation } from './scenario.ts'

type Of<K extends Operation['do']> = Extract<Operation, { readonly do: K }>

const encoder = new TextEncoder()
/** Ports of processes that start elsewhere on their host count up from here. */
const firstOtherPort = 10_000

/** Does what a scenario's steps say, and undoes it. */
export class Operations {
  readonly #simulation: Simulation
  readonly #truth: GroundTruth
  readonly #joining: Joining
  /** What undoes what is in force, by what was done to whom: a later one takes the place of an earlier. */
  readonly #undo = new Map<string, () => void>()
  #rules = 0
  #payloads = 0
  #otherPort = firstOtherPort
  /** When the last of what ends by itself has ended. */
  endsAt: Millis = 0

  constructor(simulation: Simulation, truth: GroundTruth, joining: Joining) {
    this.#simulation = simulation
    this.#truth = truth
    this.#joining = joining
  }

  perform(step: Operation): void {
    const simulation = this.#simulation
    switch (step.do) {
      case 'add':
        return this.#add(step)
      case 'rival':
        return this.#rival(step)
      case 'restart':
        for (const node of this.#processes(step.node)) this.#restart(node, step)
        return
      case 'crash':
        for (const node of this.#running(step.node)) simulation.crash(node, step.silent)
        return
      case 'join':
        for (const node of this.#running(step.node)) this.#join(node, step)
        return
      case 'leave':
        for (const node of this.#able(step.node)) {
          if (!this.#truth.of(node).hasLeft) this.#joining.ask(node, 'leave', simulation.leave(node))
        }
        return
      case 'forceLeave':
        for (const node of this.#able(step.node)) this.#forceLeave(node, step)
        return
      case 'update': {
        const data = encoder.encode(step.text)
        for (const node of this.#able(step.node)) {
          if (this.#truth.of(node).hasLeft) continue
          const payload = step.payload === undefined ? {} : { payload: this.#payload(step.payload) }
          const operation = simulation.call(node, (engine, now) =>
            engine.setRecord({ data, ...payload }, now),
          )
          this.#joining.ask(node, 'update', operation)
        }
        return
      }
      case 'broadcast':
      case 'query':
      case 'send':
        for (const node of this.#able(step.node)) if (!this.#truth.of(node).hasLeft) this.#say(node, step)
        return
      case 'switch':
        for (const node of this.#able(step.node)) {
          if (this.#truth.of(node).hasLeft) continue
          simulation.call(node, (engine, now) => engine.switchDetector(step.detector, step.suspicion, now))
        }
        return
      case 'pause':
        for (const node of this.#running(step.node)) {
          simulation.pause(node)
          this.#untilFor(node, step, () => simulation.resume(node))
        }
        return
      case 'blockIo':
        for (const node of this.#running(step.node)) {
          simulation.blockIo(node, step.for)
          this.#untilFor(node, step, () => simulation.unblock(node))
        }
        return
      case 'slow':
        for (const node of this.#running(step.node)) {
          simulation.slow(node, step.by)
          this.#untilFor(node, step, () => simulation.slow(node, 0))
        }
        return
      case 'drift':
        for (const node of this.#running(step.node)) {
          simulation.drift(node, step.rate)
          this.#untilFor(node, step, () => simulation.drift(node, 1))
        }
        return
      case 'partition':
        this.#until(step.for, `rules ${this.#rules++}`, this.#partition(step))
        return
      case 'links': {
        const from = step.from === undefined ? undefined : listOf(step.from)
        const to = step.to === undefined ? undefined : listOf(step.to)
        const known = (names: readonly string[]): boolean => names.every((name) => simulation.nodes.has(name))
        if (!known(from ?? []) || !known(to ?? [])) return
        this.#until(step.for, `rules ${this.#rules++}`, simulation.links(from, to, step.change))
        return
      }
      case 'heal':
        return this.heal()
    }
  }

  /** Another one each time. */
  #payload(size: number): Uint8Array {
    return new Uint8Array(size).fill(++this.#payloads)
  }

  #say(node: SimNode, step: Of<'broadcast'> | Of<'query'> | Of<'send'>): void {
    const simulation = this.#simulation
    if (step.do === 'broadcast') {
      const body = encoder.encode(step.text ?? '')
      const operation = simulation.call(node, (engine, now) => engine.broadcast(step.name, body, now))
      return this.#joining.ask(node, 'broadcast', operation)
    }
    if (step.do === 'send') {
      const ref = node.engine.members.find(step.to)
      if (ref === undefined) return
      const { reliable = true, text } = step
      const body = encoder.encode(text)
      const operation = simulation.call(node, (engine, now) => engine.send(ref, body, reliable, now))
      return this.#joining.ask(node, 'send', operation)
    }
    for (const other of simulation.live()) other.answers = () => encoder.encode(other.name)
    const { members } = node.engine
    const expected = Array.from({ length: members.active }, (_, i) => members.activeAt(i))
    const { name, timeout = 5_000 } = step
    const question = { name, timeout, expected, body: encoder.encode(''), names: [], tags: [] }
    const operation = simulation.call(node, (engine, now) => engine.query(question, now))
    this.#joining.ask(node, 'query', operation)
    // A clock that runs fast has others forget the question before its time, and who asked then waits it out.
    this.#endsAfter(timeout)
  }

  #forceLeave(node: SimNode, { member, prune = false }: Of<'forceLeave'>): void {
    const { members } = node.engine
    const ref = members.find(member)
    if (ref === undefined || ref === members.self || this.#truth.of(node).hasLeft) return
    this.#truth.force(member, members.incarnation(ref), prune)
    const operation = this.#simulation.call(node, (engine, now) => engine.forceLeave(ref, prune, now))
    this.#joining.ask(node, 'forceLeave', operation)
  }

  /** Undoes everything that is in force. */
  heal(): void {
    for (const undo of [...this.#undo.values()]) undo()
    this.#undo.clear()
  }

  #add(step: Of<'add'>): void {
    const instead = step.insteadOf === undefined ? undefined : this.#simulation.nodes.get(step.insteadOf)
    // The port is taken, or that node has not started yet.
    if (step.insteadOf !== undefined && (instead?.state !== 'gone' || this.#isTaken(instead))) return
    const advertise: Address | undefined = step.unreachable ? { host: '10.255.255.1', port: 1 } : undefined
    this.#start(step.node, step.via, {
      ...(instead === undefined ? {} : { address: instead.address }),
      ...(advertise === undefined ? {} : { advertise }),
    })
  }

  #rival(step: Of<'rival'>): void {
    const first = this.#simulation.nodes.get(step.node)
    // Whoever was never let in has no name to lose.
    if (first === undefined || !this.#truth.of(first).reachable) return
    this.#start(step.node, step.via, {
      address: this.#elsewhere(first),
      wallOffset: step.clock ?? first.wallOffset,
    })
  }

  #restart(node: SimNode, step: Of<'restart'>): void {
    const options: AddOptions = {
      ...(step.address === 'other' ? { address: this.#elsewhere(node) } : {}),
      ...(step.clock === undefined ? {} : { wallOffset: step.clock }),
    }
    if (step.address !== 'other' && this.#isTaken(node)) return
    const started = this.#simulation.restart(node, options)
    if (step.rejoin) this.#joining.rejoin(started)
    else this.#joining.join(started, step.via)
  }

  #join(node: SimNode, { via }: Of<'join'>): void {
    node.leaving = false
    this.#joining.join(node, via)
  }

  #start(name: string, via: string | undefined, options: AddOptions): void {
    this.#joining.join(this.#simulation.add(name, options), via)
  }

  /** Another has taken the address of a process that is gone. */
  #isTaken({ address, state }: SimNode): boolean {
    return (
      state === 'gone' &&
      this.#truth
        .running()
        .some(({ node }) => node.address.host === address.host && node.address.port === address.port)
    )
  }

  #elsewhere({ address }: SimNode): Address {
    return { host: address.host, port: this.#otherPort++ }
  }

  #partition({ groups, oneWay }: Of<'partition'>): () => void {
    const simulation = this.#simulation
    const known = groups.map((group) => group.filter((name) => simulation.nodes.has(name)))
    if (oneWay !== true) return simulation.partition(known)
    const [first = [], ...others] = known
    return simulation.links(first, others.flat(), { cut: 'everything' })
  }

  /** Undoes what was done to a process, if it still runs by then. */
  #untilFor(node: SimNode, step: { readonly do: string; readonly for?: Millis }, undo: () => void): void {
    this.#until(step.for, `${step.do} ${node.number}`, () => {
      if (node.state !== 'gone') undo()
    })
  }

  /** Undoes something after a time, unless it has been undone, or done anew, before. */
  #until(time: Millis | undefined, key: string, undo: () => void): void {
    this.#undo.set(key, undo)
    if (time === undefined) return
    this.#endsAfter(time)
    this.#simulation.after(time, () => {
      if (this.#undo.get(key) !== undo) return
      this.#undo.delete(key)
      undo()
    })
  }

  #endsAfter(time: Millis): void {
    this.endsAt = Math.max(this.endsAt, this.#simulation.now + time)
  }

  /** The latest process of each name that there has been one of. */
  #processes(names: NodeNames): SimNode[] {
    return listOf(names)
      .map((name) => this.#simulation.nodes.get(name))
      .filter((node): node is SimNode => node !== undefined)
  }

  #running(names: NodeNames): SimNode[] {
    return this.#processes(names).filter(({ state }) => state !== 'gone')
  }

  /** Those that run and do not stand still. */
  #able(names: NodeNames): SimNode[] {
    return this.#running(names).filter(({ state }) => state === 'up')
  }
}
