import type { Node } from '@swimkit/core'
import { type AesGcm, isEnforced } from './aes-gcm.ts'
import { KeyError } from './key.ts'
import { Keyring, mostKeys } from './keyring.ts'

/** What the keyrings of the cluster hold, as far as their nodes have answered. */
export interface KeyReport {
  /** Sorted by id. */
  readonly keys: readonly KeyHolders[]
  /** Members that have answered, this node among them. */
  readonly members: number
  /** Alive and suspect members that have not: nothing is known of their keys. */
  readonly missing: readonly string[]
  /** What was wrong where something was, by member. */
  readonly errors: Readonly<Record<string, string>>
}

export interface KeyHolders {
  readonly id: string
  /** Members that have it. */
  readonly members: number
  /** Members that seal with it. */
  readonly primary: number
  /** Names of members that answered and lack it. */
  readonly lacking: readonly string[]
}

/** The step was not taken, anywhere: the message says why, and what is to be done first. */
export class RotationError extends Error {
  override readonly name = 'RotationError'
  /** The members that it is about, if it is about any. */
  readonly members: readonly string[]
  constructor(message: string, members: readonly string[] = []) {
    super(message)
    this.members = members
  }
}

export interface ClusterKeysOptions {
  readonly sealer: AesGcm
  /**
   * Keeps the keys that this node has from now on, in base64, the primary first, before it has them: where it rejects nothing changes here. Default: they are kept in memory alone, and gone with the
   * process. `before` is what it has until then: a store that others write as well, such as a file, is to be left alone, and this to reject, where it holds neither these nor `keys`.
   */
  readonly save?: (keys: readonly string[], before: readonly string[]) => Promise<void>
  /** Milliseconds that members are waited for. Default: by the size of the cluster, see `QueryOptions.timeout`. */
  readonly timeout?: number
  /** Milliseconds since 1970, by the clock of this node's host. Default: `Date.now`. */
  readonly wallMillis?: () => number
}

/** Looks at the keys of all members and exchanges them, one step at a time; each may be repeated. */
export interface ClusterKeys {
  /** Who has which. */
  list(): Promise<KeyReport>
  /**
   * Hands a key to all members, which from then on open what is sealed with it. Rejects with a `KeyError` for what is none, and with a {@link RotationError} as long as a member has not
   * answered, or sends or lets in what is plain: members pass on what is asked, so the key would be sent in plain text.
   */
  install(key: string): Promise<KeyReport>
  /** Lets all members seal with it. Rejects with a {@link RotationError} as long as one of them lacks it, or has not answered: it would understand nobody any more. */
  use(id: string): Promise<KeyReport>
  /** Takes it from all members. Rejects with a {@link RotationError} as long as it is primary somewhere, or a member has not answered. */
  remove(id: string): Promise<KeyReport>
  /**
   * Takes other keys at this node alone, the first one as primary: those of a key file that was changed. They are not saved, except in the place of a step that is being saved, which is
   * refused then. Throws a `KeyError`.
   */
  replace(keys: readonly string[]): void
  /** Answers no more. */
  close(): void
}

/** Queries by this name are for keys: no application should answer them. */
export const keysQuery = 'swimkit:keys'

/**
 * Seconds that a step may have been asked for before or after what a member's clock says. What was recorded is taken by who has not heard it, such as a process that started since;
 * clocks are within minutes of each other.
 */
const clockTolerance = 300

type Change =
  | { readonly do: 'install'; readonly key: string }
  | { readonly do: 'use' | 'remove'; readonly id: string }
/** When it was asked for, in seconds since 1970; undefined: by a build that does not say so. */
type Dated = { readonly at: number | undefined }
type Step = { readonly do: 'list' } | (Change & Dated)

/** What a member answers. Ids, the primary first; no key. */
interface Holding {
  readonly keys: readonly string[]
  /** Whether it seals all that it sends and lets in nothing plain; builds that do not say so count as if they did not. */
  readonly enforced: boolean
  readonly error?: string
}

interface Answers {
  readonly holdings: ReadonlyMap<string, Holding>
  /** Members that were to answer and have not. */
  readonly missing: readonly string[]
}

/**
 * Exchanges keys through the cluster itself: each step is a query to all members, sealed as all that they say. Whoever listens with an old key hears of the new one,
 * so a key that has leaked is replaced by files and not by this.
 *
 * Every member that has a keyring answers, so it is made once on each node that has started. Nothing is taken from others, nor sent, while the
 * sealer lets in what is plain: anybody could have said it.
 */
export function clusterKeys(
  node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'>,
  options: ClusterKeysOptions,
): ClusterKeys {
  return new Rotation(node, options)
}

class Rotation implements ClusterKeys {
  readonly #node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'>
  readonly #sealer: AesGcm
  readonly #save: NonNullable<ClusterKeysOptions['save']>
  readonly #timeout: number | undefined
  readonly #wallMillis: () => number
  /** When this was made, in seconds since 1970. */
  readonly #since: number
  readonly #stop: () => void
  /** Steps of several members at once are taken one after the other: each saves what the one before has left. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'>, options: ClusterKeysOptions) {
    const { save = async () => undefined, sealer, timeout, wallMillis = Date.now } = options
    this.#node = node
    this.#sealer = sealer
    this.#save = save
    this.#timeout = timeout
    this.#wallMillis = wallMillis
    this.#since = this.#wallSeconds()
    this.#stop = node.onQuery(keysQuery, async ({ body }) => encode(await this.#take(body)))
  }

  async list(): Promise<KeyReport> {
    return reportOf(await this.#ask({ do: 'list' }))
  }

  async install(key: string): Promise<KeyReport> {
    this.#expectEnforced()
    // Wrong here rather than at each member.
    new Keyring([key])
    expectSealedAtAll(await this.#ask({ do: 'list' }))
    return this.#change({ do: 'install', key: key.trim() })
  }

  async use(id: string): Promise<KeyReport> {
    this.#expectEnforced()
    const { keys, missing } = await this.list()
    const holders = keys.find((key) => key.id === id)
    if (holders === undefined) throw new RotationError(`no member has a key ${id}: install it first`)
    const without = [...holders.lacking, ...missing]
    if (without.length > 0) {
      throw new RotationError(
        `${listed(without)} would understand nobody who seals with ${id}: install it there first, or let them leave`,
        without,
      )
    }
    return this.#change({ do: 'use', id })
  }

  async remove(id: string): Promise<KeyReport> {
    this.#expectEnforced()
    const report = await this.list()
    const { keys, missing } = report
    const holders = keys.find((key) => key.id === id)
    if (holders === undefined && missing.length === 0) return report
    if (holders !== undefined && holders.primary > 0) {
      throw new RotationError(
        `${holders.primary} of ${report.members} members still seal with ${id}: let all use another key first`,
      )
    }
    if (missing.length > 0) {
      throw new RotationError(`${listed(missing)} may still seal with ${id}, and cannot be asked`, missing)
    }
    return this.#change({ do: 'remove', id })
  }

  replace(keys: readonly string[]): void {
    this.#sealer.keyring.replace(keys)
  }

  close(): void {
    this.#stop()
  }

  #expectEnforced(): void {
    if (isEnforced(this.#sealer)) return
    throw new RotationError(
      'keys are changed through the cluster only while all is sealed and nothing plain is let in: change the key files instead',
    )
  }

  async #change(change: Change): Promise<KeyReport> {
    return reportOf(await this.#ask({ ...change, at: this.#wallSeconds() }))
  }

  async #ask(step: Step): Promise<Answers> {
    const asked = this.#node
      .members()
      .filter(({ status }) => status === 'alive' || status === 'suspect')
      .map(({ name }) => name)
    const { answers } = await this.#node.query(
      keysQuery,
      encode(step),
      this.#timeout === undefined ? {} : { timeout: this.#timeout },
    )
    const holdings = new Map<string, Holding>()
    for (const { body, member } of answers) {
      const holding = decodeHolding(body)
      if (holding !== undefined) holdings.set(member, holding)
    }
    return { holdings, missing: asked.filter((name) => !holdings.has(name)) }
  }

  #take(body: Uint8Array): Holding | Promise<Holding> {
    const step = decodeStep(body)
    // It waits for no step that is still being saved: who does not answer counts as one whose keys nobody knows.
    if (step?.do === 'list') return this.#holding()
    const taken = this.#last.then(() => this.#apply(step))
    this.#last = taken
    return taken
  }

  #holding(): Holding {
    return { keys: this.#sealer.keyring.ids, enforced: isEnforced(this.#sealer) }
  }

  async #apply(step: (Change & Dated) | undefined): Promise<Holding> {
    try {
      if (step === undefined) throw new KeyError('this build does not know that step')
      await this.#applyChange(step)
      return this.#holding()
    } catch (error) {
      return { ...this.#holding(), error: error instanceof Error ? error.message : String(error) }
    }
  }

  async #applyChange(step: Change & Dated): Promise<void> {
    this.#expectEnforced()
    this.#expectFresh(step.at)
    const { keyring } = this.#sealer
    const next = keyring.copy()
    if (step.do === 'install') next.install(step.key)
    else next[step.do](step.id)
    const [before, keys] = [inBase64(keyring), inBase64(next)]
    if (same(keys, before)) return
    await this.#save(keys, before)
    const now = inBase64(keyring)
    if (!same(now, before) && !same(now, keys)) {
      await this.#saveInstead(keys)
      throw new KeyError('the keys of this node were replaced meanwhile, and stay: ask again')
    }
    keyring.replace(keys)
  }

  /** Keeps what the ring holds by now, where others were kept that it does not take. */
  async #saveInstead(saved: readonly string[]): Promise<void> {
    const keys = inBase64(this.#sealer.keyring)
    await this.#save(keys, saved)
    if (!same(keys, inBase64(this.#sealer.keyring))) await this.#saveInstead(keys)
  }

  /** Whoever has recorded a step can send it again: it is taken near its time alone, and by no process that started since. */
  #expectFresh(at: number | undefined): void {
    if (at === undefined) throw new KeyError('it does not say when it was asked for: ask by a newer build')
    const now = this.#wallSeconds()
    const away = Math.abs(now - at)
    if (away > clockTolerance) {
      throw new KeyError(
        `asked for ${away} s ${at < now ? 'before' : 'after'} what the clock here says, ${clockTolerance} s at most are allowed: clocks differ, or the request is old`,
      )
    }
    // A clock that was set back since says nothing about the start.
    if (at < this.#since && this.#since <= now) {
      throw new KeyError(
        `asked for ${this.#since - at} s before this node started, by its clock: clocks differ, or the request is old: ask again`,
      )
    }
  }

  #wallSeconds(): number {
    return Math.floor(this.#wallMillis() / 1_000)
  }
}

function expectSealedAtAll({ holdings, missing }: Answers): void {
  const open = [...holdings].filter(([, { enforced }]) => !enforced).map(([member]) => member)
  if (open.length + missing.length === 0) return
  const reasons = [
    open.length === 0 ? [] : `not all is sealed at ${listed(open)}`,
    missing.length === 0 ? [] : `no answer from ${listed(missing)}`,
  ].flat()
  throw new RotationError(
    `the key could be sent in plain text: ${reasons.join(', and ')}: seal all there and refuse what is plain, or let them leave`,
    [...open, ...missing],
  )
}

const inBase64 = ({ keys }: Keyring): readonly string[] =>
  keys.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
const same = (a: readonly string[], b: readonly string[]): boolean => String(a) === String(b)

function reportOf({ holdings, missing }: Answers): KeyReport {
  const all = [...holdings]
  const ids = new Set(all.flatMap(([, { keys }]) => keys))
  return {
    keys: [...ids].sort().map((id) => ({
      id,
      members: all.filter(([, { keys }]) => keys.includes(id)).length,
      primary: all.filter(([, { keys }]) => keys[0] === id).length,
      lacking: all.filter(([, { keys }]) => !keys.includes(id)).map(([member]) => member),
    })),
    members: holdings.size,
    missing,
    // Not by assignment: `__proto__` is a name like any other.
    errors: Object.fromEntries(
      all.flatMap(([member, { error }]) => (error === undefined ? [] : [[member, error]])),
    ),
  }
}

const encode = (value: Step | Holding): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

function parse(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function decodeStep(body: Uint8Array): Step | undefined {
  const step = parse(body)
  if (step?.do === 'list') return { do: 'list' }
  const at = Number.isSafeInteger(step?.at) ? Number(step?.at) : undefined
  if (step?.do === 'install' && typeof step.key === 'string') return { do: 'install', key: step.key, at }
  if ((step?.do === 'use' || step?.do === 'remove') && typeof step.id === 'string')
    return { do: step.do, id: step.id, at }
  return undefined
}

/** Undefined where a member answers what no member of this kind would. */
function decodeHolding(body: Uint8Array): Holding | undefined {
  const { enforced, error, keys } = parse(body) ?? {}
  // More than a ring holds would be as much work for who asked, and each is listed with all who lack it.
  if (!Array.isArray(keys) || keys.length > mostKeys || new Set(keys).size < keys.length) return undefined
  if (!keys.every((id) => typeof id === 'string' && /^[0-9a-f]{8}$/.test(id))) return undefined
  const holding = { keys, enforced: enforced === true }
  return typeof error === 'string' ? { ...holding, error: error.slice(0, 512) } : holding
}

const shown = 5
const listed = (names: readonly string[]): string =>
  names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`
