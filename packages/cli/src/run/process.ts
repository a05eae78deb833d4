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
    input: () => allOf(process.stdin),
    onHangup: (listener) => void process.on('SIGHUP', listener),
  }
  const code = await runCli(argv, io)
  // Where stdout is a pipe, writing is not done when write() returns.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  process.exit(code)
}

/** What a person or a script may hand a command that way. */
const mostInput = 65_536

/** All of an input, as far as it is no longer than that. */
export async function allOf(input: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    text += chunk
    if (text.length > mostInput) throw new CliError(2, `standard input is more than ${mostInput} bytes`)
  }
  return text
}
