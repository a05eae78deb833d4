import process from 'node:process'
import { runCli } from '../cli.ts'
import { CliError, reasonOf } from '../errors.ts'
import type { Io } from '../io.ts'
import { type DenoWriter, inOrder, Output, type Write } from './output.ts'

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
  // A node lives on where nobody takes its log any more.
  const err = new Output(errorWriter(), () => {})
  process.stderr.on('error', () => {})
  let lose: (error: NodeJS.ErrnoException) => void = () => {}
  const lost = new Promise<NodeJS.ErrnoException>((resolve) => {
    lose = resolve
  })
  const out = new Output((text, done) => void process.stdout.write(text, done), lose)
  process.stdout.on('error', lose)
  const io: Io = {
    env: process.env,
    cwd: process.cwd(),
    out: (text) => out.write(text),
    outTaken: () => out.flushed(),
    err: (text) => err.write(text),
    errWaiting: () => err.waiting,
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    interrupted: interruption.signal,
    input: () => allOf(process.stdin, interruption.signal),
    onHangup: (listener) => void process.on('SIGHUP', listener),
  }
  // Where stdout is a pipe, writing is not done when write() returns.
  const ended = runCli(argv, io).then(async (code) => {
    await out.flushed()
    return code
  })
  const code = await Promise.race([ended, lost.then((error) => withoutReader(error, io))])
  // Whoever does not read the log does not keep the process.
  await Promise.race([err.flushed(), later(patience)])
  process.exit(code)
}

/** The exit code of a process whose stdout can take no more, and a line that says why. */
function withoutReader(error: NodeJS.ErrnoException, io: Io): number {
  // A reader that has seen enough (`| head`) closes the pipe: no fault of ours, and nobody left to write to.
  if (error.code === 'EPIPE') return 0
  io.err(`swim-cli: cannot write to stdout: ${reasonOf(error)}\n`)
  return 1
}

/** How long a process waits at its end for who reads its log, milliseconds. */
const patience = 1_000

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Writes to stderr. Deno's `process.stderr` stops the whole process while its reader does not read, so that a node would be failed for what reads its log;
 * its own `Deno.stderr` does not.
 */
function errorWriter(): Write {
  const { Deno } = globalThis as { Deno?: { readonly stderr: DenoWriter } } // absent on Node and Bun
  return Deno === undefined ? (text, done) => void process.stderr.write(text, done) : inOrder(Deno.stderr)
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
