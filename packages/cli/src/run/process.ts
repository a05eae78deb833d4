import process from 'node:process'
import { runCli } from '../cli.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

/** Exit codes of a process that a signal ended, as shells count them. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Runs a command line in this process and ends it. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(signalCodes[signal])
      interruption.abort(signal)
    })
  }
  // A reader that has seen enough (`| head`) closes the pipe: no fault of ours, and nobody left to write to.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const io: Io = {
    env: process.env,
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    interrupted: interruption.signal,
    input: () => allOf(process.stdin, interruption.signal),
    onHangup: (listener) => void process.on('SIGHUP', listener),
  }
  const code = await runCli(argv, io)
  // Where stdout is a pipe, writing is not done when write() returns.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  process.exit(code)
}

/** Bytes that a person or a script may hand a command that way. */
const mostInput = 65_536

/** All of an input as text, as far as it is no longer than that. Rejects once it is interrupted. */
export function allOf(input: AsyncIterable<string | Uint8Array>, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const interrupt = () => reject(new CliError(1, 'interrupted'))
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    read(input).then(resolve, reject)
  })
}

async function read(input: AsyncIterable<string | Uint8Array>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of input) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > mostInput) throw new CliError(2, `standard input is more than ${mostInput} bytes`)
    parts.push(bytes)
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}
