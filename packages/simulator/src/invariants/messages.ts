import type { Delivery, OperationResult } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** A broadcast reaches a process once, and says what was broadcast; a message over a stream reaches the one that it is for, once. */
export const nothingIsDeliveredTwice: Invariant = {
  name: 'nothing-is-delivered-twice',
  rule: 'no process is told the same broadcast or asked the same query twice, and none that nobody has told',
  watch: () => {
    const seen = new WeakMap<Process, Set<string>>()
    const told = new Map<string, string>()
    return {
      delivered(at, delivery) {
        const id = idOf(delivery)
        if (id === undefined) return
        const violated = (what: string): never => {
          throw new InvariantViolation(nothingIsDeliveredTwice, what, at.node, undefined)
        }
        const ids = seen.get(at) ?? new Set()
        seen.set(at, ids)
        if (ids.has(id)) violated(`was told ${id} a second time`)
        if (isRecalled(at.node, delivery))
          violated(`was told ${id}, which an earlier process of it had heard`)
        ids.add(id)
        const { origin, text } = contentOf(delivery)
        const first = told.get(id)
        // Whoever tells something is the first to be told of it.
        if (first === undefined) {
          if (delivery.kind === 'event' && origin !== at.name)
            violated(`was told ${id} by ${origin}, which has not told it`)
          told.set(id, text)
        } else if (first !== text) violated(`was told ${id} as ${text}, and it was ${first}`)
      },
    }
  },
}

/** Every answer is one of a member that was asked, and the end says of nobody that it was silent who has answered. */
export const answersAreCounted: Invariant = {
  name: 'answers-are-counted',
  rule: 'no member answers a query twice, and none is said to be silent that has answered',
  watch: () => {
    const answered = new WeakMap<Process, Map<number, Set<string>>>()
    return {
      delivered(at, delivery) {
        if (delivery.kind !== 'answer') return
        const { from, operation } = delivery
        const queries = answered.get(at) ?? new Map<number, Set<string>>()
        answered.set(at, queries)
        const members = queries.get(operation) ?? new Set<string>()
        queries.set(operation, members)
        if (members.has(from)) {
          throw new InvariantViolation(answersAreCounted, `was answered twice by ${from}`, at.node, from)
        }
        members.add(from)
      },
      settled(at) {
        const queries = answered.get(at)
        if (queries === undefined) return
        for (const [operation, members] of queries) {
          const result = at.node.results.get(operation)
          if (result === undefined) continue
          queries.delete(operation)
          const wrong = missedBy(result).find((name) => members.has(name))
          if (wrong === undefined) continue
          throw new InvariantViolation(
            answersAreCounted,
            `says that ${wrong} has not answered`,
            at.node,
            wrong,
          )
        }
      },
    }
  },
}

const missedBy = (result: OperationResult): readonly string[] =>
  result.kind === 'queried' ? [...result.silent, ...result.unfinished] : []

function idOf(delivery: Delivery): string | undefined {
  if (delivery.kind === 'event') return `event ${delivery.event.time} ${delivery.event.boot}`
  return delivery.kind === 'query' ? `query ${delivery.query.time} ${delivery.query.boot}` : undefined
}

function contentOf(delivery: Delivery): { origin: string; text: string } {
  if (delivery.kind !== 'event' && delivery.kind !== 'query') return { origin: '', text: '' }
  const { body, name, origin } = delivery.kind === 'event' ? delivery.event : delivery.query
  return { origin, text: `${name}: ${[...body].join(' ')}` }
}

const isRecalled = ({ memory }: SimNode, delivery: Delivery): boolean =>
  delivery.kind === 'event' &&
  memory !== undefined &&
  memory.heard.some(({ boot, time }) => time === delivery.event.time && boot === delivery.event.boot)
