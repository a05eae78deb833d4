import type {
  Address,
  CodecPlugin,
  Detector,
  Disseminator,
  EngineOptions,
  Millis,
  ProfileName,
  Settings,
} from '@swimkit/core'
import type { Conditions } from './network/conditions.ts'
import type { SimNode } from './nodes/sim-node.ts'

export interface SimulationOptions {
  /** The first one of each node runs. Called once per node. */
  readonly detectors: () => readonly Detector[]
  /** Default 1. */
  readonly seed?: number
  /** Default `swimCodec()`. Opened once for each cluster: its nodes share what it keeps. */
  readonly codec?: CodecPlugin
  readonly disseminator?: () => Disseminator
  /** Default `lan`. */
  readonly profile?: ProfileName
  readonly settings?: Partial<Settings>
  /** Of every link, where no rule says otherwise. Default {@link quietNetwork}. */
  readonly network?: Partial<Conditions>
  /** Default `simulation`. */
  readonly cluster?: string
  /** See `EngineOptions.buddy`. */
  readonly buddy?: boolean
  /** See `EngineOptions.doubt`. */
  readonly doubt?: boolean
  /** Entries of evidence that each node keeps. Default 512. */
  readonly evidence?: number
  /** Whether `SimNode.events` collects what each node reports. Default true; turn it off for thousands of nodes. */
  readonly keepEvents?: boolean
  /** Inputs that a node which stands still holds before the operating system would drop more. Default 4,096. */
  readonly inboxLimit?: number
  /**
   * Nodes save what they know so often, milliseconds, and a process begins with what was saved last under its name; what came after that is lost.
   * Default: never.
   */
  readonly snapshots?: Millis
  /** Things kept for `SimTrace.latest`. Default 512. */
  readonly traceCapacity?: number
}

export interface AddOptions {
  /** Where it listens. Default: a host of its own, port 7946; after a restart the same. */
  readonly address?: Address
  /** What it tells others, if that is another. */
  readonly advertise?: Address
  /** Beside which node it stands, whose links it has. For a second process of a name somewhere else; needs an `address`. Default: links go by its name. */
  readonly beside?: NodeLike
  /** Which cluster it says that it is of. Default: the simulation's. */
  readonly cluster?: string
  /** Seconds by which its wall clock is ahead; negative: behind. Default 0. */
  readonly wallOffset?: number
  readonly data?: Uint8Array
  /** Passed on to the engine as they are. */
  readonly engine?: Partial<
    Pick<
      EngineOptions,
      | 'detectors'
      | 'hooks'
      | 'disseminator'
      | 'payload'
      | 'settings'
      | 'packets'
      | 'streams'
      | 'maxPacketBytes'
    >
  >
}

/** A node, or the name of one. */
export type NodeLike = SimNode | string
