import type { JoinResult, Member, NameConflictInfo, Node } from '@swimkit/core'
import type { BootstrapNode } from '../bootstrap.ts'

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

/** The part of a node that a search for its cluster needs: it keeps what it is told in plain sight and does nothing by itself. */
export class FakeNode implements BootstrapNode {
  readonly cluster: string = 'default'
  state: Node['state'] = 'running'
  list: Member[] = [fakeMember('ada')]
  joins: (readonly string[])[] = []
  seeds: (readonly string[])[] = []
  remembered: readonly string[] = []
  #ended: (conflict: NameConflictInfo | undefined) => void = () => undefined
  readonly conflict = new Promise<NameConflictInfo | undefined>((resolve) => {
    this.#ended = resolve
  })
  /** What `join` answers; an error is thrown. */
  joinResult: JoinResult | Error = { joined: [], failed: [] }

  get self(): Member {
    return this.list[0]!
  }
  async join(seeds: readonly string[]): Promise<JoinResult> {
    this.joins.push(seeds)
    if (this.joinResult instanceof Error) throw this.joinResult
    return this.joinResult
  }
  stop(): void {
    this.state = 'stopped'
    this.#ended(undefined)
  }
  members(): Member[] {
    return this.list
  }
  counts() {
    const counts = { alive: 0, suspect: 0, failed: 0, left: 0 }
    for (const { status } of this.list) counts[status]++
    return counts
  }
  setSeeds(seeds: readonly string[]): void {
    this.seeds.push(seeds)
  }
}
