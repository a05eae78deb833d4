import type { Millis } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import { type Process, stallEndedBy } from './process.ts'

/** Pings of an input, by their numbers, and which acks were sent since. */
interface Asked {
  readonly mine: Set<number>
  readonly others: Set<number>
  readonly acked: Set<number>
}

/**
 * Answering is the core's: whoever handles a packet with a ping for it answers before it does anything else, whatever its
 * detector. Only the one that is named answers; if a boot is named, only that process, and not once it has left.
 */
export const pingsAreAnswered: Invariant = {
  name: 'pings-are-answered',
  rule: 'a node answers every ping that names it at once, and none that names another',
  watch: () => {
    const asked = new WeakMap<Process, Asked>()
    return {
      received(by, content) {
        const open: Asked = { mine: new Set(), others: new Set(), acked: new Set() }
        for (const message of content.messages) {
          if (message.type !== 'ping') continue
          const { boot, seq, target } = message
          const mine = target === by.name && (boot === undefined || (boot === by.boot && !by.hasLeft))
          if (mine) open.mine.add(seq)
          else open.others.add(seq)
        }
        asked.set(by, open)
      },
      sent(by, _to, _packet, content) {
        const open = asked.get(by)
        if (open === undefined) return
        for (const message of content.messages) if (message.type === 'ack') open.acked.add(message.seq)
      },
      settled(at) {
        const open = asked.get(at)
        if (open === undefined) return
        asked.delete(at)
        for (const seq of open.mine) {
          if (open.acked.has(seq)) continue
          throw new InvariantViolation(
            pingsAreAnswered,
            `got a ping (${seq}) and sent no ack`,
            at.node,
            at.name,
          )
        }
        for (const seq of open.others) {
          if (!open.acked.has(seq)) continue
          throw new InvariantViolation(
            pingsAreAnswered,
            `acknowledged a ping (${seq}) that was for another`,
            at.node,
            undefined,
          )
        }
      },
    }
  },
}

/** What a helper was asked, by number, and when it should say that it heard nothing. */
type Errands = Map<number, { readonly name: string; readonly due: Millis }>

/** A helper waits at most so long before it says that it heard nothing: 80 % of two minutes. */
const longestNack = 96_000

/**
 * A helper that is asked to ping somebody answers with the ack that it got, or says after `nackAfter` that it has heard nothing:
 * who asked learns that its own network works (Lifeguard §4.1). A stall voids what it had undertaken.
 */
export const helpersAnswer: Invariant = {
  name: 'helpers-answer',
  rule: 'a helper hands on the ack, or sends a nack once it has waited for so long as it was told',
  watch: ({ settings }) => {
    const errands = new WeakMap<Process, Errands>()
    return {
      received(by, content) {
        for (const message of content.messages) {
          if (message.type !== 'pingReq' || message.nackAfter === 0) continue
          let own = errands.get(by)
          if (own === undefined) {
            own = new Map()
            errands.set(by, own)
          }
          const due = by.input.at + Math.min(message.nackAfter, longestNack)
          for (const { name, seq } of message.targets) own.set(seq, { name, due })
        }
      },
      sent(by, _to, _packet, content) {
        const own = errands.get(by)
        if (own === undefined || own.size === 0) return
        for (const message of content.messages) {
          if (message.type === 'ack' || message.type === 'nack') own.delete(message.seq)
        }
      },
      settled(at) {
        const own = errands.get(at)
        if (own === undefined || own.size === 0 || at.input.kind !== 'tick') return
        if (stallEndedBy(at, settings) > 0) own.clear()
        for (const [seq, { due, name }] of own) {
          if (at.input.at < due) continue
          throw new InvariantViolation(
            helpersAnswer,
            `was asked to ping ${name} (${seq}) and has sent neither ack nor nack`,
            at.node,
            name,
          )
        }
      },
    }
  },
}
