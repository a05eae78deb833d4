import {
  type Address,
  AllowList,
  ByteReader,
  type Host,
  isLoopback,
  type Sealer,
  splitHostPort,
} from '@swimkit/core'
import { randomFraction } from '../random-fraction.ts'
import { reasonOf } from '../reason.ts'
import { Allowance } from './allowance.ts'
import { type LanFormat, type LanMessage, type LanPeer, lanFormat } from './lan-message.ts'
import { type LanPort, type LanSockets, type OpenLanSockets, openLanSockets } from './lan-sockets.ts'
import { broadcastAddresses, isNearby } from './networks.ts'

export interface LanOptions {
  readonly host: Host
  /** UDP port that all nodes of the network listen at, 1..65535. Default 7947. */
  readonly port?: number
  /**
   * Seals what is said, with the keys of the cluster; what is not sealed is then refused. While it says `verifyOutgoing: false` nothing is sealed, and while it says
   * `verifyIncoming: false` what is plain is taken as well, from anybody on the network. Default: nothing is sealed, and anybody on the network may answer.
   */
  readonly sealer?: Sealer
  /** Addresses and networks, as a node's `allow`: what comes from elsewhere is dropped unread. Default: all. */
  readonly allow?: readonly string[]
  /** Milliseconds that are waited for answers, 10..60,000. Default 1,000. */
  readonly wait?: number
}

/** What a process tells of itself, and of which cluster. */
export interface LanPresence extends LanPeer {
  readonly cluster: string
}

/**
 * Asks the local network who is there, and answers whoever asks. Made by {@link lanDiscovery}, opened by `bootstrap`. Anything else that finds the
 * nodes of a network may stand in its place.
 */
export interface LanDiscovery {
  /** For a log line: `UDP port 7947`. */
  readonly place: string
  /** Begins to listen. What `presence` gives is told whoever asks; with undefined nobody is answered. Rejects with a {@link LanError}. */
  open(presence: () => LanPresence | undefined): Promise<void>
  /** Those of the cluster that answer, in no order. Rejects with a {@link LanError} where nobody could be asked. */
  ask(): Promise<readonly LanPeer[]>
  /** Those of the cluster that are alone and have asked within the last half minute. */
  callers(): readonly LanPeer[]
  /** Counters since it was made. */
  stats(): Readonly<Record<LanCounter, number>>
  /** Ends everything. What is asked gets the answers that are there. Harmless when called again. */
  close(): Promise<void>
}

/** The local network cannot be used: the message says what for, and why. */
export class LanError extends Error {
  override readonly name = 'LanError'
}

export type LanCounter = (typeof counters)[number]

const counters = [
  'questionsSent',
  'questionsHeard',
  'answersSent',
  'answersHeard',
  /** The system refused a send, or a socket reported a fault. */
  'sendErrors',
  /** Dropped unread: above 500 a second at either port. */
  'packetsDropped',
  /** Dropped unread: from where nobody is allowed. */
  'notAllowed',
  // Ignored are:
  'malformed',
  'version',
  /** of another cluster; */
  'cluster',
  /** not sealed by a key of the cluster; */
  'forged',
  /** answers to what this process has not asked, or no longer asks; */
  'unasked',
  /** a process on loopback by others, and others by it; */
  'unreachable',
  /** questions from an address that is on no network of this machine; */
  'distant',
  /** questions that came before, over another network; */
  'repeated',
  /** questions that others are to answer; */
  'leftToOthers',
  /** questions above 10 answers a second. */
  'answersDropped',
] as const

/** Members that are to answer a question, on average: each draws by itself. That none does happens to one question in fifty. */
const answersWanted = 4
const answersPerSecond = 10
const packetsPerSecond = 500
/** Answers that are taken of one question. */
const mostAnswers = 64
/** Questions that may wait for answers at once. */
const mostQuestions = 4
/** Questions that are known again. */
const mostSeen = 256
const mostCallers = 16
/** For how long somebody who has asked is held to be alone still, milliseconds. */
const callerAge = 30_000

/**
 * Finds the nodes of a cluster on the local network by UDP broadcast: see the README for what it says, and to whom.
 *
 * @throws RangeError when an option is out of its range, and an AddressError for what `allow` cannot mean
 */
export function lanDiscovery(options: LanOptions): LanDiscovery {
  return new Lan(options, openLanSockets)
}

interface Question {
  readonly found: Map<string, LanPeer>
  end(): void
}

/** Exported for tests, which have sockets of their own. */
export class Lan implements LanDiscovery {
  readonly place: string
  readonly #host: Host
  readonly #port: number
  readonly #wait: number
  readonly #sealer: Sealer | undefined
  readonly #allow: AllowList | undefined
  readonly #openSockets: OpenLanSockets
  readonly #counters = Object.fromEntries(counters.map((name) => [name, 0])) as Record<LanCounter, number> // of those names
  /** By port: whoever floods the one that all share keeps no answers away. */
  readonly #packets = { shared: new Allowance(packetsPerSecond), own: new Allowance(packetsPerSecond) }
  readonly #answers = new Allowance(answersPerSecond)
  readonly #questions = new Map<bigint, Question>()
  /** The latest questions of others, by who asked and its number. */
  readonly #seen = new Set<string>()
  readonly #callers = new Map<string, { readonly peer: LanPeer; readonly at: number }>()
  #presence: () => LanPresence | undefined = () => undefined
  #format: LanFormat | undefined
  #sockets: LanSockets | undefined
  #closing: Promise<void> | undefined

  constructor({ allow, host, port = 7_947, sealer, wait = 1_000 }: LanOptions, openSockets: OpenLanSockets) {
    this.#host = host
    this.#port = within('port', port, 1, 65_535)
    this.#wait = within('wait', wait, 10, 60_000)
    this.#sealer = sealer
    this.#allow = allow && new AllowList(allow)
    this.#openSockets = openSockets
    this.place = `UDP port ${port}`
  }

  async open(presence: () => LanPresence | undefined): Promise<void> {
    this.#presence = presence
    try {
      this.#host.interfaces()
      const own = presence()
      if (own !== undefined) this.#formatOf(own).encode({ kind: 'question', nonce: 0n, from: own })
      const sockets = await this.#openSockets(this.#port, {
        packet: (bytes, from, port) => this.#heard(bytes, from, port),
        fault: () => this.#counters.sendErrors++,
      })
      if (this.#closing !== undefined) await sockets.close()
      else this.#sockets = sockets
    } catch (error) {
      throw new LanError(`cannot use ${this.place}: ${reasonOf(error)}`, { cause: error })
    }
  }

  async ask(): Promise<readonly LanPeer[]> {
    const own = this.#presence()
    const sockets = this.#sockets
    if (own === undefined || sockets === undefined || this.#questions.size === mostQuestions) return []
    const nonce = new ByteReader(this.#host.entropy(8)).u64()
    const found = new Map<string, LanPeer>()
    const answered = new Promise<void>((resolve) => {
      const cancel = this.#host.wake(this.#host.now() + this.#wait, resolve)
      this.#questions.set(nonce, {
        found,
        end() {
          cancel()
          resolve()
        },
      })
    })
    try {
      await this.#broadcast(sockets, own, nonce)
      await answered
    } finally {
      this.#questions.get(nonce)?.end()
      this.#questions.delete(nonce)
    }
    return [...found.values()]
  }

  callers(): readonly LanPeer[] {
    const since = this.#host.now() - callerAge
    return [...this.#callers.values()].filter(({ at }) => at >= since).map(({ peer }) => peer)
  }

  stats(): Readonly<Record<LanCounter, number>> {
    return { ...this.#counters }
  }

  close(): Promise<void> {
    this.#closing ??= this.#sockets?.close() ?? Promise.resolve()
    this.#sockets = undefined
    for (const question of this.#questions.values()) question.end()
    return this.#closing
  }

  /** To each network as it is now: they come and go. Rejects where it could be sent to none. */
  async #broadcast(sockets: LanSockets, own: LanPresence, nonce: bigint): Promise<void> {
    const places = broadcastAddresses(this.#interfaces(), isLocal(own.address))
    const bytes = this.#formatOf(own).encode({ kind: 'question', nonce, from: own })
    this.#counters.questionsSent++
    const errors = await Promise.all(
      places.map((host) => this.#send(sockets, bytes, { host, port: this.#port })),
    )
    const [reason] = errors
    if (errors.includes(undefined)) return
    if (reason === undefined) throw new LanError('no network of this machine has a broadcast address')
    throw new LanError(`cannot ask at ${this.place}: ${reasonOf(reason)}`, { cause: reason })
  }

  #send(sockets: LanSockets, bytes: Uint8Array, to: Address): Promise<Error | undefined> {
    return new Promise((resolve) => {
      sockets.send(bytes, to, (error) => {
        if (error !== undefined) this.#counters.sendErrors++
        resolve(error)
      })
    })
  }

  #heard(bytes: Uint8Array, from: Address, port: LanPort): void {
    const own = this.#presence()
    if (own === undefined || this.#closing !== undefined) return
    const count = this.#counters
    if (this.#allow?.allows(from.host) === false) {
      count.notAllowed++
      return
    }
    if (!this.#packets[port].take(this.#host.now())) {
      count.packetsDropped++
      return
    }
    const message = this.#formatOf(own).decode(bytes)
    if (typeof message === 'string') count[message]++
    else if (message.from.boot === own.boot) return
    else if (isLocal(message.from.address) !== isLocal(own.address)) count.unreachable++
    else if (message.kind === 'answer') this.#onAnswer(message, port)
    else if (port === 'shared') this.#onQuestion(message, own, from)
    else count.unasked++
  }

  #onAnswer({ from, nonce }: LanMessage, port: LanPort): void {
    const question = port === 'own' ? this.#questions.get(nonce) : undefined
    if (question === undefined) {
      this.#counters.unasked++
      return
    }
    this.#counters.answersHeard++
    if (question.found.size < mostAnswers) question.found.set(from.boot, from)
  }

  #onQuestion({ from: asker, nonce }: LanMessage, own: LanPresence, from: Address): void {
    const count = this.#counters
    if (!this.#isNew(`${asker.boot} ${nonce}`)) {
      count.repeated++
      return
    }
    count.questionsHeard++
    if (asker.active <= 1) this.#remember(asker)
    if (randomFraction(this.#host) >= answersWanted / own.active) count.leftToOthers++
    else if (!isNearby(this.#interfaces(), from.host)) count.distant++
    else if (!this.#answers.take(this.#host.now())) count.answersDropped++
    else if (this.#sockets !== undefined) {
      count.answersSent++
      const bytes = this.#formatOf(own).encode({ kind: 'answer', nonce, from: own })
      void this.#send(this.#sockets, bytes, from)
    }
  }

  #isNew(question: string): boolean {
    if (this.#seen.has(question)) return false
    this.#seen.add(question)
    for (const oldest of this.#seen) {
      if (this.#seen.size <= mostSeen) break
      this.#seen.delete(oldest)
    }
    return true
  }

  #remember(peer: LanPeer): void {
    this.#callers.delete(peer.boot)
    this.#callers.set(peer.boot, { peer, at: this.#host.now() })
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size <= mostCallers) break
      this.#callers.delete(oldest)
    }
  }

  /** The cluster's label is the same for life. */
  #formatOf({ cluster }: LanPresence): LanFormat {
    this.#format ??= lanFormat(cluster, this.#sealer)
    return this.#format
  }

  /** None where the runtime no longer lets them be read: nothing is said then. */
  #interfaces(): ReturnType<Host['interfaces']> {
    try {
      return this.#host.interfaces()
    } catch {
      return []
    }
  }
}

const isLocal = (address: string): boolean => isLoopback(splitHostPort(address).host)

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`lanDiscovery: ${name} must be a whole number in ${least}..${most}, not ${value}`)
  }
  return value
}
