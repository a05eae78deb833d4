/** One flag of `simulate`. */
export interface SimulateField {
  readonly key: string
  /** What stands for the value in help; none for a switch. In brackets: may be left out. */
  readonly value?: string
  readonly help: string
}

/** Flags of `simulate` alone, in the order of its help. What a value may be is in `settings.ts`, which help need not load. */
export const simulateFields = [
  { key: 'nodes', value: '<count>', help: 'nodes at the start, 1..65536 (default: 100)' },
  { key: 'seed', value: '<number>', help: 'of all randomness: the same seed, the same run (default: 1)' },
  { key: 'runs', value: '<count>', help: 'so many runs, with seed, seed + 1, … (default: 1)' },
  {
    key: 'duration',
    value: '<duration>',
    help: 'virtual time (default: until what was done can be seen to its end)',
  },
  {
    key: 'form',
    help: 'nodes start alone and join at the first (default: they have known each other for long)',
  },
  { key: 'loss', value: '<0..1>', help: 'share of packets that the network loses (default: 0)' },
  {
    key: 'latency',
    value: '<time>',
    help: 'of a packet, one way: 5ms, 1ms-20ms, exp:MEAN or exp:MIN+MEAN (default: 0.2ms-0.8ms)',
  },
  {
    key: 'crash',
    value: '<count>',
    help: 'processes that die at once (default: 1, if nothing else is done to anybody)',
  },
  { key: 'pause', value: '<count>', help: 'processes that stand still at once (default: 0)' },
  { key: 'pause-for', value: '<duration>', help: 'for how long (default: 10 probe intervals)' },
  {
    key: 'partition',
    value: '[share|count]',
    help: 'cut off this share (0.3) or number (5) of nodes from the others (default: half of them)',
  },
  { key: 'partition-for', value: '<duration>', help: 'for how long (default: a third of the duration)' },
  { key: 'churn', value: '<per-minute>', help: 'processes that die and come back, per minute (default: 0)' },
  { key: 'churn-down', value: '<duration>', help: 'for how long one is away (default: 5 probe intervals)' },
  {
    key: 'scenario',
    value: '<file>',
    help: 'YAML or JSON file that says who does what when, and what must hold',
  },
  {
    key: 'check',
    help: "hold it against the protocol's invariants, and see that all agree in the end: slow, up to 256 nodes (default: with --scenario)",
  },
  { key: 'no-check', help: 'do not' },
  { key: 'report', value: '<file>', help: 'write an HTML page with figures and charts' },
  { key: 'json', help: 'print one JSON object' },
] as const satisfies readonly SimulateField[]

/** What may be given: `--no-check` gives `check`. */
export type SimulateKey = Exclude<(typeof simulateFields)[number]['key'], 'no-check'>

/** Flags of `start` that mean the same here. */
export const sharedKeys = [
  'detector',
  'codec',
  'profile',
  'probe-interval',
  'probe-timeout',
  'probe-timeout-min',
  'adaptive',
  'suspicion-mult',
  'suspicion-quorum',
  'refusal-quorum',
  'indirect-probes',
  'gossip-interval',
  'gossip-fanout',
  'sync-interval',
  'failed-retention',
] as const
