import { parseArgs } from 'node:util'
import { BenchOptionError, readNumber } from './numbers.mts'

/** What a run of the swimkit peer is to do. The memberlist peer takes the same, and has the same defaults where both have them. */
export interface PeerOptions {
  readonly nodes: number
  /** Port of the first node, the others follow; 0: whichever are free. */
  readonly base: number
  /** Seconds that a cluster that has formed is left alone before anything is measured: what forming queued is then told, and hot code compiled. */
  readonly settle: number
  /** Seconds of steady state to measure; 0: leave out the rates. */
  readonly hold: number
  /** Nodes to lose at the end. */
  readonly kill: number
  /** Seconds for all survivors to notice. */
  readonly limit: number
  /** Seconds for the cluster to form. */
  readonly formLimit: number
  /** The lost nodes' packets are dropped, and they live on; else they stop without a word. */
  readonly silent: boolean
  /** Changes of metadata, one after the other. */
  readonly updates: number
  readonly detector: 'pingack' | 'gossip'
  /** All that nodes say to each other is sealed, by AES-256-GCM. */
  readonly sealed: boolean
  /** Each node its own directory, as if it were alone in its process. */
  readonly apart: boolean
  /** Also prints every counter, summed over all nodes. */
  readonly totals: boolean
}

export const usage = `npm run bench:loopback -- [options]
  --nodes 50            nodes of the cluster
  --base 0              port of the first node, the others follow; 0: whichever are free
  --settle 5            seconds of rest once it has formed
  --hold 10             seconds of steady state after that; 0: none
  --updates 1           changes of metadata, and as many broadcasts
  --kill 0              nodes to lose at the end
  --silent              the lost ones' packets are dropped, and they live on; wants --base and a network of its own
  --limit 120           seconds for all survivors to notice
  --form-limit 300      seconds for the cluster to form
  --detector pingack    pingack or gossip
  --sealed              what nodes say to each other is sealed, by AES-256-GCM
  --apart               each node has its own directory, as if it were alone in its process
  --totals              also prints every counter, summed over all nodes`

export function readPeerOptions(args: readonly string[]): PeerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '50' },
      base: { type: 'string', default: '0' },
      settle: { type: 'string', default: '5' },
      hold: { type: 'string', default: '10' },
      kill: { type: 'string', default: '0' },
      limit: { type: 'string', default: '120' },
      'form-limit': { type: 'string', default: '300' },
      silent: { type: 'boolean', default: false },
      updates: { type: 'string', default: '1' },
      sealed: { type: 'boolean', default: false },
      apart: { type: 'boolean', default: false },
      detector: { type: 'string', default: 'pingack' },
      totals: { type: 'boolean', default: false },
    },
  })
  const nodes = readNumber('--nodes', values.nodes, 2, 10_000, { whole: true })
  const base = readNumber('--base', values.base, 0, 65_536 - nodes, { whole: true })
  // The first changes its metadata, and somebody has to look.
  const kill = readNumber('--kill', values.kill, 0, nodes - 2, { whole: true })
  if (values.silent && base === 0)
    throw new BenchOptionError('--silent needs --base: ports are silenced as one range')
  const { detector } = values
  if (detector !== 'pingack' && detector !== 'gossip')
    throw new BenchOptionError(`--detector is ${JSON.stringify(detector)}: must be pingack or gossip`)
  return {
    nodes,
    detector,
    base,
    settle: readNumber('--settle', values.settle, 0, 3_600),
    hold: readNumber('--hold', values.hold, 0, 3_600),
    kill,
    limit: readNumber('--limit', values.limit, 1, 3_600),
    formLimit: readNumber('--form-limit', values['form-limit'], 1, 3_600),
    silent: values.silent,
    updates: readNumber('--updates', values.updates, 0, 1_000, { whole: true }),
    sealed: values.sealed,
    apart: values.apart,
    totals: values.totals,
  }
}
