import { spawn } from 'node:child_process'

/** A program that was started and did not do what it should. */
export class ChildError extends Error {
  override readonly name = 'ChildError'
  /** The program is not installed. */
  readonly missing: boolean
  constructor(message: string, missing: boolean) {
    super(message)
    this.missing = missing
  }
}

export interface ChildOptions {
  /** Milliseconds; then it is killed. */
  readonly limit: number
  /** Kills it when aborted. */
  readonly signal?: AbortSignal | undefined
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end and gives what it printed; rejects with a {@link ChildError}. It outlives neither its limit nor the signal. */
export function runChild(command: readonly string[], options: ChildOptions): Promise<string> {
  const [program, ...args] = command as [string, ...string[]]
  const { cwd, env, limit, signal } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      timeout: limit,
      ...(signal === undefined ? {} : { signal }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    })
    const said = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err += text
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(new ChildError(`${program}: ${error.message}`, error.code === 'ENOENT'))
    })
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve(said.out)
      else {
        const end =
          killedBy === null ? `ended with ${code}` : `was ended by ${killedBy} (limit ${limit / 1_000} s)`
        reject(new ChildError(`${program} ${end}: ${said.err.trim().slice(-1_000)}`, false))
      }
    })
  })
}
