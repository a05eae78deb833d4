/** What a command sees of the process it runs in, so that it can be run without one. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Writes to stdout as it is; lines bring their own newline. */
  out(text: string): void
  /** Resolves once the reader of stdout has taken all that was written. */
  outTaken(): Promise<void>
  /** Writes to stderr. */
  err(text: string): void
  /** Characters for stderr that its reader has not taken yet. */
  errWaiting(): number
  readonly outIsTty: boolean
  readonly errIsTty: boolean
  /** Aborted at the first SIGINT or SIGTERM; `reason` is the name of the signal. */
  readonly interrupted: AbortSignal
  /** All of standard input as text. Throws a `CliError` with exit code 2 where it is more than 64 KiB, with 1 where it is interrupted. */
  input(): Promise<string>
  /** Calls back at each SIGHUP, which otherwise ends the process. */
  onHangup(listener: () => void): void
}

/** Whether to colour what goes to a terminal or not (https://no-color.org, and FORCE_COLOR for the opposite). */
export function wantsColour(env: Io['env'], isTty: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return isTty && env.TERM !== 'dumb'
}
