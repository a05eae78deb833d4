/** Ends the command with one line on stderr and this exit code. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** 2: what was asked for is wrong (a flag, an address, a file, a port in use). 1: it failed later. */
  readonly exitCode: 1 | 2
  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** What a thrown thing says, in one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.replace(/\s*\n\s*/g, ' ').trim()
}

/** The system's code of an error (`EADDRINUSE`, …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
