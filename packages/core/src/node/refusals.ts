import type { Millis } from '../engine/time.ts'
import { type Address, formatAddress } from '../model/address.ts'
import { RareSet } from '../model/rare-set.ts'
import { type Fault, isKeyFault } from '../wire/codec.ts'
import type { Logger } from './api.ts'

/** What a peer is refused for is said aloud again after so long, and of so many peers at once. */
const reminder: Millis = 600_000
const mostPeers = 64

/**
 * Says aloud what was not taken in, and from whom: one line for each peer and reason in ten minutes, and of 64 of them. Others choose what they send,
 * and where a packet says that it is from: a flood of it is no reason for a flood of lines. How much it is the counters say.
 */
export class Refusals {
  readonly #logger: Logger | undefined
  readonly #now: () => Millis
  readonly #said = new RareSet<string>()
  #since = Number.NEGATIVE_INFINITY

  constructor(logger: Logger | undefined, now: () => Millis) {
    this.#logger = logger
    this.#now = now
  }

  /** A packet came. What is no packet of such a node at all is noise, and only counted. */
  packet(from: Address, fault: Fault): void {
    if (fault.fault === 'cluster' || isKeyFault(fault)) this.#say('refused a packet', 'packet', from, fault)
  }

  /** Somebody dialled, and said something that is no request. */
  stream(from: Address, fault: Fault): void {
    this.#say('refused a stream', 'stream', from, fault)
  }

  /** This node asked, and this is what came back. */
  answer(from: Address, fault: Fault): void {
    this.#say('refused an answer', 'answer', from, fault)
  }

  /** One whose address is on no list of those that may speak to this node. */
  stranger(from: Address): void {
    this.#say('refused a peer', 'address', from, {
      fault: 'not-allowed',
      detail: `${from.host} is not among the addresses that are allowed`,
    })
  }

  #say(
    what: string,
    how: string,
    from: Address,
    { detail, fault }: Pick<Fault, 'detail'> & { fault: string },
  ) {
    if (this.#logger === undefined) return
    const now = this.#now()
    if (now - this.#since >= reminder) {
      this.#since = now
      this.#said.clear()
    }
    // Ports of those who dial are of no meaning.
    const peer = how === 'answer' ? formatAddress(from) : from.host
    const key = `${how} ${fault} ${peer}`
    const aloud = this.#said.size < mostPeers && !this.#said.has(key)
    if (aloud) this.#said.add(key)
    else if (!this.#logger.enabled('debug')) return
    this.#logger.log(aloud ? 'warn' : 'debug', `${what}: ${detail}`, { fault, peer })
    if (aloud && this.#said.size === mostPeers) {
      this.#logger.log(
        'warn',
        `${mostPeers} kinds of refusals were logged: further ones are only counted for some minutes`,
      )
    }
  }
}
