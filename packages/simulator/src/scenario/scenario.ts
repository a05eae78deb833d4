import type {
  CodecPlugin,
  Detector,
  Disseminator,
  Millis,
  ProfileName,
  Settings,
  StatusName,
} from '@swimkit/core'
import type { Conditions } from '../network/conditions.ts'

/** Which nodes a step is about, by name: those that a scenario starts with are `n0`, `n1`, … */
export type NodeNames = string | readonly string[]

/**
 * Something that is done to the cluster. `for`, in milliseconds, undoes it after that time; without it it stays until `heal`,
 * which undoes every link rule, pause, block, slowness and drift. What a process would have to do that does not run, or stands still,
 * is not done.
 */
export type Operation =
  /**
   * A newcomer starts and joins through `via`, by default the first node that runs. `insteadOf` gives it the address of a node that
   * is gone. One that is `unreachable` tells others a port at which nobody listens.
   */
  | {
      readonly do: 'add'
      readonly node: string
      readonly via?: string
      readonly insteadOf?: string
      readonly unreachable?: boolean
    }
  /** The process dies; with `silent` its machine as well, so that nothing there refuses streams. */
  | { readonly do: 'crash'; readonly node: NodeNames; readonly silent?: boolean }
  /**
   * Starts again under its name and joins through `via`; what runs under that name ends first. `address: 'other'` is another
   * port of its host. `clock` is how many seconds its wall clock is ahead, negative: behind; default: as it was. `rejoin`: it joins where its snapshot
   * says that others were, and nowhere else.
   */
  | {
      readonly do: 'restart'
      readonly node: NodeNames
      readonly via?: string
      readonly rejoin?: boolean
      readonly address?: 'same' | 'other'
      readonly clock?: number
    }
  /** A second process starts under the name of one that may run, at another port of its host, and joins through `via`. */
  | { readonly do: 'rival'; readonly node: string; readonly via?: string; readonly clock?: number }
  /** Joins through `via`; one that has left comes back. */
  | { readonly do: 'join'; readonly node: NodeNames; readonly via?: string }
  | { readonly do: 'leave'; readonly node: NodeNames }
  /** The process stands still, timers too, and later handles all that arrived. */
  | { readonly do: 'pause'; readonly node: NodeNames; readonly for?: Millis }
  /** Sends and receives are held, while timers run. */
  | { readonly do: 'blockIo'; readonly node: NodeNames; readonly for: Millis }
  /** Handling one input takes `by` milliseconds. */
  | { readonly do: 'slow'; readonly node: NodeNames; readonly by: Millis; readonly for?: Millis }
  /** The clock runs `rate` times as fast. */
  | { readonly do: 'drift'; readonly node: NodeNames; readonly rate: number; readonly for?: Millis }
  /**
   * Groups that do not reach each other; nodes in none reach all. `oneWay`: the first group's packets do not reach the others, whose
   * packets reach it; streams pass neither way, as they need both.
   */
  | {
      readonly do: 'partition'
      readonly groups: readonly (readonly string[])[]
      readonly oneWay?: boolean
      readonly for?: Millis
    }
  /** Changes links from some nodes to others; without `from` or `to`: from or to all. */
  | {
      readonly do: 'links'
      readonly from?: NodeNames
      readonly to?: NodeNames
      readonly change: Partial<Conditions>
      readonly for?: Millis
    }
  /** An operator at this node switches the cluster to a detector, and its suspicion phase on or off; refused where somebody could not follow. */
  | { readonly do: 'switch'; readonly node: string; readonly detector: string; readonly suspicion?: boolean }
  /** An operator at this node says that another member is gone for good; `prune`: it is to be forgotten at once. */
  | { readonly do: 'forceLeave'; readonly node: string; readonly member: string; readonly prune?: boolean }
  /** Changes what a node says of itself. `payload`: bytes of a payload beside its record, 0..65,536; 0: none. Default: as it was. */
  | { readonly do: 'update'; readonly node: NodeNames; readonly text: string; readonly payload?: number }
  /** A node tells all of something that happened. */
  | { readonly do: 'broadcast'; readonly node: NodeNames; readonly name: string; readonly text?: string }
  /** A node asks all others something; each answers with its name. `timeout`: milliseconds, 10..600,000. Default 5,000. */
  | { readonly do: 'query'; readonly node: NodeNames; readonly name: string; readonly timeout?: Millis }
  /** A node sends another a message, over a stream with `reliable`. */
  | {
      readonly do: 'send'
      readonly node: NodeNames
      readonly to: string
      readonly text: string
      readonly reliable?: boolean
    }
  | { readonly do: 'heal' }

/** Something that must hold at its instant, after what was done at it before, or come to hold `within` so many milliseconds from it. */
export type Assertion =
  /** All that run hold the same members, those that run and have not left, as alive. */
  | { readonly expect: 'agreement'; readonly within?: Millis }
  /** `by` (default: all others that run) holds `node` in this status; `unknown`: not at all. */
  | {
      readonly expect: 'status'
      readonly node: NodeNames
      readonly is: StatusName | 'unknown'
      readonly by?: NodeNames
      readonly within?: Millis
    }
  /** `by` (default: all that run) has been told of a broadcast of that name. */
  | {
      readonly expect: 'told'
      readonly name: string
      readonly by?: NodeNames
      readonly within?: Millis
    }
  /** Since the start, nobody has reported a change of this type about `node` (default: about anybody). */
  | {
      readonly expect: 'never'
      readonly event: 'suspect' | 'failed' | 'leave' | 'conflict'
      readonly node?: NodeNames
    }

/** What happens at an instant, in milliseconds from the start. In the order of their instants. */
export type Step = { readonly at: Millis } & (Operation | Assertion)

/** A run as data: who takes part, on what network, what is done to them and what must hold. */
export interface Scenario {
  readonly name?: string
  /** Nodes at the start, 1..100,000. */
  readonly nodes: number
  /** Of the randomness. Default 1. The same scenario with the same seed does the same, event by event. */
  readonly seed?: number
  /**
   * `converged`: they have known each other for long. `form`: they start alone and join at the first, and the first step's time begins
   * when they agree. Default `converged`.
   */
  readonly start?: 'converged' | 'form'
  /**
   * Nodes, by name, that all are told of as seeds, wherever these run at the time: through them those find back that know
   * nobody else. Default: the first three.
   */
  readonly seeds?: readonly string[]
  /** Nodes save what they know so often, milliseconds, 100..3,600,000, and begin with it when they start again. Default: never. */
  readonly snapshots?: Millis
  readonly profile?: ProfileName
  readonly settings?: Partial<Settings>
  readonly network?: Partial<Conditions>
  /** Virtual milliseconds in all, at least to the last step. Default: until the last step's `within` is over. */
  readonly duration?: Millis
  readonly steps: readonly Step[]
}

/**
 * How a detector chooses whom to look at next: everyone once per round; that and the ring's successor in turn; or at random, so that no bound is
 * certain.
 */
export type LookOrder = 'round-robin' | 'ring-successor' | 'random'

/** What a scenario runs with: code, where the scenario is data. */
export interface Parts {
  readonly detectors: () => readonly Detector[]
  readonly codec?: CodecPlugin
  readonly disseminator?: () => Disseminator
  /** How the detector chooses whom to look at next: bounds on finding the dead go by it. Default `ring-successor`. */
  readonly look?: LookOrder
}
