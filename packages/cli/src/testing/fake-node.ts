import {
  type Address,
  type Broadcast,
  type EventsOptions,
  type FeedOptions,
  type GapEvent,
  type JoinResult,
  type LeaveOptions,
  type Member,
  type MemberEvent,
  type MissedGap,
  type Node,
  type QueryOptions,
  type QueryResult,
  resolveSettings,
  type ServiceInstance,
  type ServiceOptions,
} from '@swimkit/core'

export function fakeMember(name: string, more: Partial<Member> = {}): Member {
  return {
    name,
    address: '127.0.0.1:7946',
    status: 'alive',
    leaving: false,
    incarnation: 7,
    boot: '00000000000000ff',
    since: new Date('2026-01-02T03:04:05.678Z'),
    tags: {},
    services: [],
    payload: new Uint8Array(),
    streams: true,
    capabilities: [],
    ...more,
  }
}

/** A node that keeps what it is told in plain sight and does nothing by itself. */
export class FakeNode implements Node {
  name = 'ada'
  address: Address | undefined = { host: '127.0.0.1', port: 7_946 }
  advertiseReason = 'the bound address'
  cluster = 'default'
  profile = 'lan'
  transport = 'udp'
  codec = 'swim'
  runtime = 'node 20.0.0'
  settings = resolveSettings('lan')
  state: Node['state'] = 'running'
  remembered: readonly string[] = []
  conflict = new Promise<never>(() => {})
  failed = new Promise<never>(() => {})
  health = 1
  digest = '0123456789abcdef'
  config = { epoch: 3, detector: 'pingack', suspicion: true }
  dropRate = 0

  list: Member[] = [fakeMember('ada')]
  joins: (readonly string[])[] = []
  seeds: (readonly string[])[] = []
  /** What `join` answers; an error is thrown. */
  joinResult: JoinResult | Error = { joined: [], failed: [] }
  /** Thrown by the next call of `setTags` and `setPayload`. */
  refusal: Error | undefined
  /** What `events` is called with, and what it gives. */
  followed: EventsOptions[] = []
  queue: (MemberEvent | GapEvent)[] = []
  #handlers: ((event: MemberEvent) => void)[] = []
  #wake: (() => void) | undefined

  get self(): Member {
    return this.list[0]!
  }
  set self(member: Member) {
    this.list[0] = member
  }

  async start(): Promise<void> {}
  async join(seeds: readonly string[]): Promise<JoinResult> {
    this.joins.push(seeds)
    if (this.joinResult instanceof Error) throw this.joinResult
    return this.joinResult
  }
  /** What was said through it. */
  said: { readonly what: string; readonly name: string; readonly body: string; readonly options?: object }[] =
    []
  /** What `query` answers. */
  queryResult: QueryResult = { answers: [], silent: [], unfinished: [] }

  async broadcast(name: string, body = new Uint8Array()): Promise<void> {
    if (this.refusal) throw this.refusal
    this.said.push({ what: 'broadcast', name, body: new TextDecoder().decode(body) })
  }
  async send(name: string, body: Uint8Array): Promise<void> {
    this.said.push({ what: 'send', name, body: new TextDecoder().decode(body) })
  }
  async query(name: string, body = new Uint8Array(), options: QueryOptions = {}): Promise<QueryResult> {
    if (this.refusal) throw this.refusal
    const { members, tags, timeout } = options
    this.said.push({
      what: 'query',
      name,
      body: new TextDecoder().decode(body),
      options: { members, tags, timeout },
    })
    return this.queryResult
  }
  onBroadcast = () => () => undefined
  onMessage = () => () => undefined
  onQuery = () => () => undefined

  /** How it was told to leave. */
  departures: LeaveOptions[] = []

  async leave(options: LeaveOptions = {}) {
    this.departures.push(options)
    this.state = 'left'
    return { acknowledgedBy: ['bob'] }
  }
  async forceLeave(name: string, { prune = false }: { prune?: boolean } = {}): Promise<void> {
    const fail = (code: string, message: string) =>
      Object.assign(new Error(message), { name: 'ForceLeaveError', code })
    if (!this.member(name)) throw fail('unknown-member', `no member ${name}`)
    if (name === this.name) throw fail('self', `${name} has to leave`)
    this.list = prune
      ? this.list.filter((member) => member.name !== name)
      : this.list.map((member) => (member.name === name ? { ...member, status: 'left' } : member))
  }
  async stop(): Promise<void> {
    this.state = 'stopped'
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
  members(): Member[] {
    return this.list
  }
  member(name: string): Member | undefined {
    return this.list.find((member) => member.name === name)
  }
  counts() {
    const counts = { alive: 0, suspect: 0, failed: 0, left: 0 }
    for (const { status } of this.list) counts[status]++
    return counts
  }
  suspects() {
    return [
      {
        name: 'bob',
        incarnation: 4,
        since: new Date('2026-01-02T03:04:05Z'),
        deadline: new Date('2026-01-02T03:04:15Z'),
        accusers: ['cid'],
      },
    ]
  }
  explain(name: string) {
    const member = this.member(name)
    if (!member) return undefined
    const evidence = [
      {
        at: new Date('2026-01-02T03:04:05Z'),
        by: 'cid',
        path: 'indirect',
        outcome: 'timeout',
        incarnation: 4,
      },
    ]
    return { name, status: member.status, flaps: 2, flapping: false, evidence }
  }
  async ping(name: string) {
    if (!this.member(name)) {
      throw Object.assign(new Error(`no member ${name}`), { name: 'PingError', code: 'unknown-member' })
    }
    return { name, rtt: 1.5, path: 'direct' as const, payload: undefined }
  }
  rtt(a: string, b = this.name) {
    const fail = (code: string, message: string) =>
      Object.assign(new Error(message), { name: 'RttError', code })
    for (const name of [a, b]) if (!this.member(name)) throw fail('unknown-member', `no member ${name}`)
    if (a === b) return { a, b, rtt: 0, source: 'estimated' as const }
    if (this.member(a)!.status !== 'alive') throw fail('no-coordinate', `no coordinate of ${a}`)
    return { a, b, rtt: 12.34, source: b === this.name ? ('measured' as const) : ('estimated' as const) }
  }
  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    if (this.refusal) throw this.refusal
    this.self = { ...this.self, tags }
  }
  async setPayload(payload: Uint8Array): Promise<void> {
    if (this.refusal) throw this.refusal
    this.self = { ...this.self, payload }
  }
  async payload(name: string): Promise<Uint8Array> {
    const member = this.member(name)
    if (member === undefined || this.refusal) throw this.refusal ?? new Error(`no member ${name}`)
    return new TextEncoder().encode(`all of the payload of ${name}`)
  }
  async setServices(services: Member['services']): Promise<void> {
    if (this.refusal) throw this.refusal
    this.self = { ...this.self, services }
  }
  async registerService(service: Member['services'][number]): Promise<void> {
    await this.setServices([...this.self.services, service])
  }
  async unregisterService(name: string): Promise<void> {
    await this.setServices(this.self.services.filter((service) => service.name !== name))
  }
  serviceNames(): string[] {
    return [...new Set(this.list.flatMap(({ services }) => services.map(({ name }) => name)))].sort()
  }
  services(service: string, { suspects = false }: ServiceOptions = {}): readonly ServiceInstance[] {
    return this.list.flatMap(({ address, name: member, services, status, tags }) =>
      status === 'alive' || (suspects && status === 'suspect')
        ? services
            .filter(({ name }) => name === service)
            .map(({ port }) => {
              const endpoint = port === undefined ? undefined : `127.0.0.1:${port}`
              return { service, member, address, port, endpoint, status, tags }
            })
        : [],
    )
  }
  pick(service: string): ServiceInstance | undefined {
    return this.services(service)[0]
  }
  async *watchMembers() {
    yield this.list
  }
  async *watchService(service: string) {
    yield this.services(service)
  }
  switchDetector(detector: string, { suspicion }: { suspicion?: boolean } = {}): Node['config'] {
    if (this.refusal) throw this.refusal
    this.config = {
      epoch: this.config.epoch + 1,
      detector,
      suspicion: suspicion ?? this.config.suspicion,
    }
    return this.config
  }
  setSeeds(seeds: readonly string[]): void {
    this.seeds.push(seeds)
  }
  /** What `broadcasts` gives, before it waits for ever. */
  told: (Broadcast | MissedGap)[] = []
  async *broadcasts({ signal }: FeedOptions = {}): AsyncGenerator<Broadcast | MissedGap, undefined> {
    yield* this.told.splice(0)
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
    return undefined
  }
  messages(): AsyncIterableIterator<never> {
    throw new Error('nobody sends it anything')
  }
  events(options: EventsOptions = {}): AsyncIterableIterator<MemberEvent | GapEvent> {
    this.followed.push(options)
    return this.#events(options)
  }
  async *#events(options: EventsOptions): AsyncGenerator<MemberEvent | GapEvent, undefined> {
    options.signal?.addEventListener('abort', () => this.#wake?.())
    while (!options.signal?.aborted) {
      const event = this.queue.shift()
      if (event) yield event
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    return undefined
  }
  on(_type: unknown, handler: (event: MemberEvent) => void): () => void {
    this.#handlers.push(handler)
    return () => {
      this.#handlers = this.#handlers.filter((known) => known !== handler)
    }
  }
  stats() {
    return { engine: { packetsIn: 10, packetsOut: 5 }, transport: {} }
  }

  /** Something happened: to those who listen and those who follow. */
  emit(event: MemberEvent): void {
    for (const handler of this.#handlers) handler(event)
    this.queue.push(event)
    this.#wake?.()
  }
}

export const fakeEvent = (id: number, more: Partial<MemberEvent> = {}): MemberEvent => ({
  id,
  type: 'join',
  member: fakeMember('bob'),
  at: new Date('2026-01-02T03:04:06Z'),
  ...more,
})
