import { request } from 'node:http'

export interface MemberView {
  readonly name: string
  readonly address: string
  readonly status: 'alive' | 'suspect' | 'failed' | 'left'
  readonly leaving: boolean
  readonly incarnation: number
  readonly boot: string
  readonly tags: Readonly<Record<string, string>>
}

export interface MemberEventView {
  readonly id: number
  readonly type: string
  readonly member: MemberView
  readonly at: string
  readonly restarted?: boolean
  readonly detail?: string
}

export interface FeedHandlers {
  event(event: MemberEventView): void
  broadcast(body: string, name: string): void
  /** Events are missing: of members if `members`, else broadcasts. */
  gap(members: boolean): void
  /** The connection broke; it is made again. */
  broken(): void
}

/** Follows `/v1/events` of a node from its first event on, and goes on where it was when the connection breaks. */
export class ControlFeed {
  readonly #url: URL
  readonly #token: string
  readonly #handlers: FeedHandlers
  #last = 0
  #stopped = false
  #connected = false
  #end: (() => void) | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(url: URL, token: string, handlers: FeedHandlers) {
    this.#url = url
    this.#token = token
    this.#handlers = handlers
    this.#connect()
  }

  /** Whether what the node tells comes here. */
  get connected(): boolean {
    return this.#connected
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#retry)
    this.#end?.()
  }

  #connect(): void {
    let text = ''
    const outgoing = request(
      new URL(`/v1/events?broadcasts=true&after=${this.#last}`, this.#url),
      { headers: { authorization: `Bearer ${this.#token}` }, agent: false },
      (incoming) => {
        this.#connected = incoming.statusCode === 200
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
          const blocks = text.split('\n\n')
          text = blocks.pop()!
          for (const block of blocks) this.#take(block)
        })
        incoming.on('error', () => undefined) // 'close' follows
      },
    )
    outgoing.on('error', () => undefined) // 'close' follows
    outgoing.on('close', () => {
      this.#connected = false
      if (this.#stopped) return
      this.#handlers.broken()
      this.#retry = setTimeout(() => this.#connect(), 500)
    })
    outgoing.end()
    this.#end = () => outgoing.destroy()
  }

  #take(block: string): void {
    if (this.#stopped) return
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
    const data = field('data')
    if (data === undefined) return
    const kind = field('event')
    // What the control API says, whose shape the contract fixes.
    const value = JSON.parse(data) as MemberEventView & { payload?: string; name: string; nextId: number }
    if (kind === 'member') {
      this.#last = value.id
      this.#handlers.event(value)
    } else if (kind === 'gap') {
      this.#last = value.nextId - 1
      this.#handlers.gap(true)
    } else if (kind === 'broadcast') this.#handlers.broadcast(value.payload ?? '', value.name)
    else this.#handlers.gap(false)
  }
}
