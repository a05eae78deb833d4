/**
 * Every timing and bound of the protocol. All times are milliseconds. The profiles carry memberlist's values, so that
 * figures compare and operators find what they know; but news is told more often (see `retransmitMult`), at `local` too.
 */
export interface Settings {
  /** Period of probing: one member is looked at per period. Detection time is proportional to it, load inversely. 10..600,000. */
  readonly probeInterval: number
  /**
   * Between these the period follows how stable the group is: the shortest after any member was doubted, and then longer by a tenth with each
   * quiet period. Formulas and bounds go by `probeInterval`, which is between them. 10..600,000. Default: both `probeInterval`, so
   * that it does not move.
   */
  readonly probeIntervalMin: number
  readonly probeIntervalMax: number
  /**
   * Members looked at per period at most: one, and one more for every 16 updates that wait to be told, which ride along. 1..8.
   * Default 1.
   */
  readonly probesMax: number
  /**
   * Wait for a direct ack before helpers are asked. About the 99th percentile of the round trip; the rest of the
   * period is the helpers'. 1..probeInterval.
   */
  readonly probeTimeout: number
  /**
   * Least of those waits: they follow the round trip of each path (see `DetectorContext.patience`) between this and `probeTimeout`,
   * and are constant where both are the same. 1..probeTimeout. Default `probeTimeout / 5`.
   */
  readonly probeTimeoutMin: number
  /** Helpers that are asked to ping a member that did not answer (k in SWIM §3.1). More mask more packet loss, and cost 4 packets each. 0..16. */
  readonly indirectProbes: number
  /**
   * Shortest suspicion: `suspicionMult × max(1, log10(n)) × probeInterval`. Larger gives a slow member longer to
   * refute and delays the verdict on a dead one (α in Lifeguard §4.2). 1..100.
   */
  readonly suspicionMult: number
  /**
   * Confirmations that bring a suspicion down to its shortest, none where fewer others are there to confirm (K in Lifeguard
   * §4.2). More keep a live member longer where few confirm, and cost packets. 0..15. Default `suspicionMult − 2`, as memberlist.
   */
  readonly suspicionConfirmations: number
  /** Longest suspicion, with no confirmation: this times the shortest. 1..100. */
  readonly suspicionMaxMult: number
  /** Independent reports that fail a suspect at once; 0: never. Trades certainty for speed. 0..16. */
  readonly suspicionQuorum: number
  /**
   * Members that found the stream port of a suspect closed, and its packets unanswered, that fail it at once; fewer where
   * there are not so many; 0: never. See docs/protocol.md, "Closed ports". 0..8.
   */
  readonly refusalQuorum: number
  /** Period at which updates that have not ridden on probes are gossiped, if there are any. 10..600,000. */
  readonly gossipInterval: number
  /** Members told per gossip period, and at once of what is urgent. 1..16. */
  readonly gossipFanout: number
  /** How long a failed member is still gossiped to, so that a live one learns of it and refutes. */
  readonly gossipToFailed: number
  /** Each update is sent `ceil(retransmitMult × (1 + log10(n + 1)))` times by each member (SWIM §4.1's λ log n, and λ). 1..16. */
  readonly retransmitMult: number
  /** Period of full comparison with one member; times `ceil(log2(n) − 5) + 1` above 32 members; 0: never. */
  readonly syncInterval: number
  /** How long a failed member stays in the table; at least until it has been told as often as any update. */
  readonly failedRetention: number
  /** How long a member that left stays in the table; at least until it has been told as often as any update. */
  readonly leftRetention: number
  /**
   * Period at which an address that ought to be a member and is not is tried, by about one node of the cluster: a thirtieth of the time since a member last failed, between a tenth
   * of this and this. 100..86,400,000. Default 10,000.
   */
  readonly rejoinInterval: number
  /** Limit for one exchange over a stream. */
  readonly streamTimeout: number
  /** Limit for `leave` to be confirmed. */
  readonly leaveTimeout: number
  /** Highest local health score (S in Lifeguard §4.1): intervals and timeouts grow up to `healthMax + 1` times. 0..32. */
  readonly healthMax: number
  /** Bytes of a packet at most, sealing included; less where the transport carries less. 576..65,507. */
  readonly packetBytes: number
  /** Bytes of one message on a stream at most. */
  readonly maxStreamBytes: number
  /**
   * Bytes of a record's data (tags, services and payload as encoded). Of another's record as many are taken in, or 4,096 if that is more: one with more is refused, and
   * counted. 0..65,536. Default 512.
   */
  readonly maxDataBytes: number
  /**
   * Bytes of a payload at most, of this node's or another's: one that does not fit into `maxDataBytes` is fetched over a stream by whoever lacks it.
   * 0..16,777,216, and no more than `maxStreamBytes`. Default 65,536, or half of `maxStreamBytes` where that is less.
   */
  readonly maxPayloadBytes: number
  /** Bytes of such payloads of others that are kept; beyond it they are fetched when they are asked for. 0..1,073,741,824. Default 67,108,864. */
  readonly payloadMemory: number
  /** Bytes of a user event or query at most, its name included. 16..32,768, and in any case what a packet takes. Default 512. */
  readonly maxEventBytes: number
  /** Bytes of a message from one member to another at most. 0..16,777,216, and no more than `maxStreamBytes`. Default 1,048,576, or half of `maxStreamBytes` where that is less. */
  readonly maxMessageBytes: number
  /** How long user events are kept for those who missed them, 512 of them and 256 KiB at most. Milliseconds, 0..86,400,000. Default 300,000. */
  readonly eventRetention: number
  /** Members held at most, of every status; newcomers beyond it are refused and counted. */
  readonly maxMembers: number
  /**
   * Names that were not known here which one host, or one IPv6 network of 64 bits, may bring in a second, by joins and news that nobody asked it for, and four times as many at once; 0: no limit. Those
   * beyond it come later, when tables are compared. 0..1,000,000. Default 1,000.
   */
  readonly newNamesPerSource: number
}

export type ProfileName = 'lan' | 'wan' | 'local'

const lan: Settings = {
  probeInterval: 1_000,
  probeIntervalMin: 1_000,
  probeIntervalMax: 1_000,
  probesMax: 1,
  probeTimeout: 500,
  probeTimeoutMin: 100,
  indirectProbes: 3,
  suspicionMult: 4,
  suspicionConfirmations: 2,
  suspicionMaxMult: 6,
  suspicionQuorum: 0,
  refusalQuorum: 3,
  gossipInterval: 200,
  gossipFanout: 3,
  gossipToFailed: 30_000,
  retransmitMult: 4,
  syncInterval: 30_000,
  failedRetention: 3_600_000,
  leftRetention: 600_000,
  rejoinInterval: 10_000,
  streamTimeout: 10_000,
  leaveTimeout: 5_000,
  healthMax: 8,
  packetBytes: 1_400,
  maxStreamBytes: 32 * 1_024 * 1_024,
  maxDataBytes: 512,
  maxPayloadBytes: 65_536,
  payloadMemory: 67_108_864,
  maxEventBytes: 512,
  maxMessageBytes: 1_048_576,
  eventRetention: 300_000,
  maxMembers: 65_536,
  newNamesPerSource: 1_000,
}

/** Timings for a local network, for members far apart, and for one machine. */
export const profiles: Readonly<Record<ProfileName, Settings>> = {
  lan,
  wan: {
    ...lan,
    probeInterval: 5_000,
    probeIntervalMin: 5_000,
    probeIntervalMax: 5_000,
    probeTimeout: 3_000,
    probeTimeoutMin: 600,
    suspicionMult: 6,
    suspicionConfirmations: 4,
    gossipInterval: 500,
    gossipFanout: 4,
    gossipToFailed: 60_000,
    syncInterval: 60_000,
    streamTimeout: 30_000,
    leaveTimeout: 15_000,
  },
  local: {
    ...lan,
    probeTimeout: 200,
    probeTimeoutMin: 40,
    indirectProbes: 1,
    suspicionMult: 3,
    suspicionConfirmations: 1,
    gossipInterval: 100,
    gossipToFailed: 15_000,
    syncInterval: 15_000,
    streamTimeout: 1_000,
    leaveTimeout: 3_000,
  },
}

/** Field by field what is allowed; the same table checks options and documents them. */
export const settingRanges: Readonly<
  Record<keyof Settings, readonly [min: number, max: number, whole: boolean]>
> = {
  probeInterval: [10, 600_000, false],
  probeIntervalMin: [10, 600_000, false],
  probeIntervalMax: [10, 600_000, false],
  probesMax: [1, 8, true],
  probeTimeout: [1, 600_000, false],
  probeTimeoutMin: [1, 600_000, false],
  indirectProbes: [0, 16, true],
  suspicionMult: [1, 100, false],
  suspicionConfirmations: [0, 15, true],
  suspicionMaxMult: [1, 100, false],
  suspicionQuorum: [0, 16, true],
  refusalQuorum: [0, 8, true],
  gossipInterval: [10, 600_000, false],
  gossipFanout: [1, 16, true],
  gossipToFailed: [0, 86_400_000, false],
  retransmitMult: [1, 16, true],
  syncInterval: [0, 86_400_000, false],
  failedRetention: [0, 31 * 86_400_000, false],
  leftRetention: [0, 31 * 86_400_000, false],
  rejoinInterval: [100, 86_400_000, false],
  streamTimeout: [10, 600_000, false],
  leaveTimeout: [0, 600_000, false],
  healthMax: [0, 32, true],
  packetBytes: [576, 65_507, true],
  maxStreamBytes: [65_536, 1_073_741_824, true],
  maxDataBytes: [0, 65_536, true],
  maxPayloadBytes: [0, 16_777_216, true],
  payloadMemory: [0, 1_073_741_824, true],
  maxEventBytes: [16, 32_768, true],
  maxMessageBytes: [0, 16_777_216, true],
  eventRetention: [0, 86_400_000, false],
  maxMembers: [2, 1_048_576, true],
  newNamesPerSource: [0, 1_000_000, true],
}

/** A setting that is out of range, or two that contradict each other. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * The settings of a profile with single ones replaced. Throws a {@link SettingsError} that names the setting, the
 * value and what is allowed.
 */
export function resolveSettings(profile: ProfileName, overrides: Partial<Settings> = {}): Settings {
  if (!Object.hasOwn(profiles, profile)) {
    throw new SettingsError(`unknown profile ${JSON.stringify(profile)}: must be lan, wan or local`)
  }
  const base = profiles[profile]
  const settings: { -readonly [K in keyof Settings]: number } = { ...base }
  for (const key of Object.keys(overrides) as (keyof Settings)[]) {
    const value = overrides[key]
    if (value === undefined) continue
    if (!Object.hasOwn(settingRanges, key)) throw new SettingsError(`unknown setting ${JSON.stringify(key)}`)
    const [min, max, whole] = settingRanges[key]
    if (typeof value !== 'number' || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new SettingsError(
        `${key} is ${String(value)}: must be ${whole ? 'a whole number ' : ''}${min}..${max}`,
      )
    }
    settings[key] = value
  }
  if (overrides.suspicionMult !== undefined && overrides.suspicionConfirmations === undefined) {
    settings.suspicionConfirmations = Math.min(15, Math.max(0, Math.floor(settings.suspicionMult) - 2))
  }
  if (overrides.probeTimeout !== undefined && overrides.probeTimeoutMin === undefined) {
    settings.probeTimeoutMin = Math.max(1, settings.probeTimeout / 5)
  }
  checkOrder(settings, 'probeTimeoutMin', 'probeTimeout')
  if (overrides.probeInterval !== undefined) {
    settings.probeIntervalMin = overrides.probeIntervalMin ?? settings.probeInterval
    settings.probeIntervalMax = overrides.probeIntervalMax ?? settings.probeInterval
  }
  checkOrder(settings, 'probeTimeout', 'probeInterval')
  checkOrder(settings, 'probeTimeout', 'probeIntervalMin')
  checkOrder(settings, 'probeIntervalMin', 'probeInterval')
  checkOrder(settings, 'probeInterval', 'probeIntervalMax')
  if (overrides.maxStreamBytes !== undefined && overrides.maxMessageBytes === undefined) {
    settings.maxMessageBytes = Math.min(settings.maxMessageBytes, Math.floor(settings.maxStreamBytes / 2))
  }
  checkOrder(settings, 'maxMessageBytes', 'maxStreamBytes')
  if (overrides.maxStreamBytes !== undefined && overrides.maxPayloadBytes === undefined) {
    settings.maxPayloadBytes = Math.min(settings.maxPayloadBytes, Math.floor(settings.maxStreamBytes / 2))
  }
  checkOrder(settings, 'maxPayloadBytes', 'maxStreamBytes')
  return settings
}

function checkOrder(settings: Settings, less: keyof Settings, more: keyof Settings): void {
  if (settings[less] <= settings[more]) return
  throw new SettingsError(`${less} is ${settings[less]}: must be at most ${more}, which is ${settings[more]}`)
}
