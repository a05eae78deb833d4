import type { Result } from './result.mts'

/** The other side of a ratio. */
export type Rival = 'memberlist' | 'bare' | 'swimkit'

export interface Goal {
  readonly atMost: number
  readonly nodes?: number
  readonly of?: 'ratio' | 'figure'
}

/** One line of the table: what it says, where it is found, and what it is to be beside another's. */
export interface FigureSpec {
  readonly key: string
  readonly label: string
  /** How many digits after the point it is shown with. */
  readonly digits: number
  readonly against: Rival
  /** Whose figure it is: the usual cluster's, that of the one with the gossip detector, of the one that seals, or of the one whose nodes share nothing. */
  readonly of: 'swimkit' | 'gossip' | 'sealed' | 'apart'
  readonly read: (result: Result) => number | undefined
  /** What the ratio is to be at most, at that size or at all; or the figure itself. */
  readonly goal?: Goal
}

const figure = (
  key: string,
  label: string,
  digits: number,
  read: FigureSpec['read'],
  rest: Partial<Pick<FigureSpec, 'against' | 'of' | 'goal'>> = {},
): FigureSpec => ({ key, label, digits, read, against: 'memberlist', of: 'swimkit', ...rest })

const steadyCpu = (result: Result): number | undefined => result.steady_cpu_pct_per_node
const heap = (result: Result): number | undefined => result.heap_kb_per_node

/** One gossip interval × log₃ n, at `lan` and 200 nodes, seconds. */
const broadcastGoal = 0.2 * (Math.log(200) / Math.log(3))

/** Of a cluster that lives: every figure but that of its end. */
const living: readonly FigureSpec[] = [
  figure('form_s', 'forming: until all know all, s', 2, (result) => result.form_s, {
    goal: { atMost: 0.5, nodes: 200 },
  }),
  figure('form_cpu_s', 'CPU of forming, all nodes, s', 2, (result) => result.form_cpu_s),
  figure('steady_cpu', 'steady CPU per node, % of a core', 4, steadyCpu, {
    goal: { atMost: 0.45, nodes: 200 },
  }),
  figure('steady_cpu_bare', 'the same, beside bare sockets', 4, steadyCpu, {
    against: 'bare',
    goal: { atMost: 1.4, nodes: 200 },
  }),
  figure(
    'datagrams',
    'datagrams sent per node and second',
    2,
    (result) => result.steady_datagrams_per_node_s ?? result.steady_packets_per_node_s,
  ),
  figure('heap_kb', 'memory per node, KB', 1, heap, { goal: { atMost: 0.5, nodes: 200 } }),
  figure('heap_apart_kb', 'the same, nothing shared between nodes', 1, heap, { of: 'apart' }),
  figure('rss_kb', 'resident memory of the process per node, KB', 0, (result) => result.rss_kb_per_node),
  figure('update_first_s', 'metadata update: first to see it, s', 3, (result) => result.update_s?.first),
  figure('update_p50_s', 'metadata update: p50, s', 3, (result) => result.update_s?.p50, {
    goal: { atMost: 1 },
  }),
  figure('update_last_s', 'metadata update: last, s', 3, (result) => result.update_s?.last, {
    goal: { atMost: 1 },
  }),
  figure('broadcast_p50_s', 'broadcast: p50, s', 3, (result) => result.broadcast_s?.p50, {
    goal: { atMost: broadcastGoal, of: 'figure', nodes: 200 },
  }),
  figure('broadcast_last_s', 'broadcast: last, s', 3, (result) => result.broadcast_s?.last),
]

/** Of its end: what the survivors made of it. */
const ending = (p50: number, last?: number): readonly FigureSpec[] => [
  figure('detected_s', 'first to doubt it, median of the lost, s', 2, (result) => result.detected_s?.p50, {
    ...(last === undefined ? {} : { goal: { atMost: 1.3, of: 'figure', nodes: 200 } }),
  }),
  figure('crash_first_s', 'verdict: first, s', 2, (result) => result.crash_s?.first),
  figure('crash_p50_s', 'verdict: p50, s', 2, (result) => result.crash_s?.p50, {
    goal: { atMost: p50, nodes: 200 },
  }),
  figure('crash_p99_s', 'verdict: p99, s', 2, (result) => result.crash_s?.p99),
  figure('crash_last_s', 'verdict: last, s', 2, (result) => result.crash_s?.last, {
    ...(last === undefined ? {} : { goal: { atMost: last, nodes: 200 } }),
  }),
  figure('false_positives', 'live members held failed', 0, (result) => result.false_positives),
]

/** With AES-256-GCM, beside the same without. */
const sealing: readonly FigureSpec[] = [
  figure('sealed_cpu', 'sealed: steady CPU per node, % of a core, beside plain', 4, steadyCpu, {
    of: 'sealed',
    against: 'swimkit',
    goal: { atMost: 1.5, nodes: 200 },
  }),
  figure('sealed_heap_kb', 'sealed: memory per node, KB, beside plain', 1, heap, {
    of: 'sealed',
    against: 'swimkit',
  }),
]

/** With heartbeats gossiped rather than pings. */
const gossiped: readonly FigureSpec[] = [
  figure('gossip_cpu', 'gossip detector: steady CPU per node, % of a core', 4, steadyCpu, {
    of: 'gossip',
    goal: { atMost: 0.6, nodes: 200 },
  }),
  figure(
    'gossip_datagrams',
    'gossip detector: datagrams sent per node and second',
    2,
    (result) => result.steady_datagrams_per_node_s ?? result.steady_packets_per_node_s,
    { of: 'gossip' },
  ),
  figure('gossip_heap_kb', 'gossip detector: memory per node, KB', 1, heap, { of: 'gossip' }),
  figure('gossip_detected_s', 'gossip detector: first to doubt, median, s', 2, (r) => r.detected_s?.p50, {
    of: 'gossip',
  }),
  figure('gossip_crash_p50_s', 'gossip detector: verdict: p50, s', 2, (result) => result.crash_s?.p50, {
    of: 'gossip',
  }),
  figure('gossip_crash_last_s', 'gossip detector: verdict: last, s', 2, (result) => result.crash_s?.last, {
    of: 'gossip',
  }),
  figure('gossip_false', 'gossip detector: live members held failed', 0, (r) => r.false_positives, {
    of: 'gossip',
  }),
]

/** Where hosts go silent, only the end is measured: until then nothing differs. */
export const figuresFor = (silent: boolean): readonly FigureSpec[] =>
  silent ? ending(1) : [...living, ...ending(0.3, 0.4), ...sealing, ...gossiped]
