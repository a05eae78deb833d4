import type { Curve, LoadReport, MeasuresReport, Step } from '@swimkit/simulator'

/** What did not hold in a run. */
export interface RunFailure {
  /** The invariant's name, `expect <what>`, or `error` where something threw. */
  readonly check: string
  /** Virtual seconds from the start. */
  readonly at: number
  readonly message: string
  /** What ought to be. */
  readonly rule: string | null
  /** The latest that had happened then, oldest first. */
  readonly trace: readonly string[]
  /** What the node that it was seen at knows of the member that it is about. */
  readonly explain: readonly string[]
}

/** How the deaths and the nodes of a run look one by one: what charts draw. */
export interface RunDetail {
  /** From the first step's time to the scenario's end. */
  readonly measuredSeconds: number
  /** Share of the witnesses that know, by seconds since the death: of the first deaths. */
  readonly knowing: readonly { readonly node: string; readonly curve: Curve }[]
  /** Packets a second that each node sent, ascending. */
  readonly packets: readonly number[]
  /** Share of the nodes with the commonest view, by seconds since the first step's time. */
  readonly agreement: Curve
}

/** One run, as plain data. */
export interface RunResult {
  readonly seed: number
  readonly traceHash: string
  readonly steps: readonly Step[]
  /** Virtual seconds until all had joined; null where they knew each other from the start. */
  readonly formedAfter: number | null
  readonly virtualSeconds: number
  readonly wallSeconds: number
  /** Events of the simulation. */
  readonly events: number
  readonly measures: MeasuresReport
  /** Before anything is done; null where that was no time. */
  readonly quietLoad: LoadReport | null
  readonly samples: Samples
  readonly failure: RunFailure | null
  readonly detail: RunDetail
}

/** Times in milliseconds, to be put together over several runs. */
export interface Samples {
  readonly failed: Float64Array
  readonly suspected: Float64Array
  readonly disseminated: Float64Array
  /** Pairs of a death and a witness that never held it failed. */
  readonly missing: number
}
