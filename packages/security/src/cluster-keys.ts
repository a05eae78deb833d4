import type { Node, QueryAnswer } from '@swimkit/core'
import { type AesGcm, isEnforced } from './aes-gcm.ts'
import { KeyError } from './key.ts'
import { Keyring } from './keyring.ts'

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
   * process.
   */
  readonly save?: (keys: readonly string[]) => Promise<void>
  /** Milliseconds that members are waited for. Default: by the size of the cluster, see `QueryOptions.timeout`. */
  readonly timeout?: number
}

/** Looks at the keys of all members and exchanges them, one step at a time; each may be repeated. */
export interface ClusterKeys {
  /** Who has which. */
  list(): Promise<KeyReport>
  /** Hands a key to all members, which from then on open what is sealed with it. Rejects with a `KeyError` for what is none, and a {@link RotationError}. */
  install(key: string): Promise<KeyReport>
  /** Lets all members seal with it. Rejects with a {@link RotationError} as long as one of them lacks it, or has not answered: it would understand nobody any more. */
  use(id: string): Promise<KeyReport>
  /** Takes it from all members. Rejects with a {@link RotationError} as long as it is primary somewhere, or a member has not answered. */
  remove(id: string): Promise<KeyReport>
  /** Takes other keys at this node alone, the first one as primary: those of a key file that was changed. They are not saved. Throws a `KeyError`. */
  replace(keys: readonly string[]): void
  /** Answers no more. */
  close(): void
}

/** Queries by this name are for keys: no application should answer them. */
export const keysQuery = 'swimkit:keys'

type Step =
  | { readonly do: 'list' }
  | { readonly do: 'install'; readonly key: string }
  | { readonly do: 'use' | 'remove'; readonly id: string }

/** What a member answers. Ids, the primary first; no key. */
interface Holding {
  readonly keys: readonly string[]
  readonly error?: string
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
  readonly #stop: () => void
  /** Steps of several members at once are taken one after the other: each saves what the one before has left. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(node: Pick<Node, 'members' | 'name' | 'onQuery' | 'query'>, options: ClusterKeysOptions) {
    const { save = async () => undefined, sealer, timeout } = options
    this.#node = node
    this.#sealer = sealer
    this.#save = save
    this.#timeout = timeout
    this.#stop = node.onQuery(keysQuery, async ({ body }) => encode(await this.#take(body)))
  }

  list(): Promise<KeyReport> {
    return this.#ask({ do: 'list' })
  }

  async install(key: string): Promise<KeyReport> {
    this.#expectEnforced()
    // Wrong here rather than at each member.
    new Keyring([key])
    return this.#ask({ do: 'install', key: key.trim() })
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
    return this.#ask({ do: 'use', id })
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
    return this.#ask({ do: 'remove', id })
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

  async #ask(step: Step): Promise<KeyReport> {
    const asked = this.#node
      .members()
      .filter(({ status }) => status === 'alive' || status === 'suspect')
      .map(({ name }) => name)
    const { answers } = await this.#node.query(
      keysQuery,
      encode(step),
      this.#timeout === undefined ? {} : { timeout: this.#timeout },
    )
    return reportOf(answers, asked)
  }

  #take(body: Uint8Array): Promise<Holding> {
    const step = decodeStep(body)
    const taken = this.#last.then(() => this.#apply(step))
    this.#last = taken
    return taken
  }

  async #apply(step: Step | undefined): Promise<Holding> {
    const { keyring } = this.#sealer
    try {
      if (step === undefined) throw new KeyError('this build does not know that step')
      if (step.do !== 'list') await this.#change(step)
      return { keys: keyring.ids }
    } catch (error) {
      return { keys: keyring.ids, error: error instanceof Error ? error.message : String(error) }
    }
  }

  async #change(step: Exclude<Step, { do: 'list' }>): Promise<void> {
    this.#expectEnforced()
    const { keyring } = this.#sealer
    const next = keyring.copy()
    if (step.do === 'install') next.install(step.key)
    else next[step.do](step.id)
    if (String(next.ids) === String(keyring.ids)) return
    const keys = next.keys.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
    await this.#save(keys)
    keyring.replace(keys)
  }
}

function reportOf(answers: readonly QueryAnswer[], asked: readonly string[]): KeyReport {
  const holdings = new Map<string, Holding>()
  for (const { body, member } of answers) {
    const holding = decodeHolding(body)
    if (holding !== undefined) holdings.set(member, holding)
  }
  const ids = new Set([...holdings.values()].flatMap(({ keys }) => keys))
  const errors: Record<string, string> = {}
  for (const [member, { error }] of holdings) if (error !== undefined) errors[member] = error
  return {
    keys: [...ids].sort().map((id) => {
      const all = [...holdings]
      return {
        id,
        members: all.filter(([, { keys }]) => keys.includes(id)).length,
        primary: all.filter(([, { keys }]) => keys[0] === id).length,
        lacking: all.filter(([, { keys }]) => !keys.includes(id)).map(([member]) => member),
      }
    }),
    members: holdings.size,
    missing: asked.filter((name) => !holdings.has(name)),
    errors,
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
  if (step?.do === 'install' && typeof step.key === 'string') return { do: 'install', key: step.key }
  if ((step?.do === 'use' || step?.do === 'remove') && typeof step.id === 'string')
    return { do: step.do, id: step.id }
  return undefined
}

/** Undefined where a member answers what no member of this kind would. */
function decodeHolding(body: Uint8Array): Holding | undefined {
  const { error, keys } = parse(body) ?? {}
  if (!Array.isArray(keys) || !keys.every((id) => typeof id === 'string' && /^[0-9a-f]{8}$/.test(id)))
    return undefined
  return typeof error === 'string' ? { keys, error: error.slice(0, 512) } : { keys }
}

const shown = 5
const listed = (names: readonly string[]): string =>
  names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`
