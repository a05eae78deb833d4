import { spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import type { StartSettings } from '../config/start-settings.ts'
import { CliError, reasonOf } from '../errors.ts'
import type { Io } from '../io.ts'
import { claimPidFile, stateFolder } from './pid-file.ts'

/** How long a detached node may take until it serves, milliseconds. */
const patience = 30_000

/** The command that runs this script again on the same runtime. */
function ownCommand(): [command: string, ...args: string[]] {
  const [, script = ''] = process.argv
  const { Bun, Deno } = globalThis as { Bun?: unknown; Deno?: unknown } // absent on Node
  if (Deno) return [process.execPath, 'run', '-A', script]
  return [process.execPath, ...(Bun ? [] : process.execArgv), script]
}

/** The arguments without the flags that this process has served. */
function withoutDetach(argv: readonly string[]): string[] {
  const own = new Set(['--pid-file', '--log-file'])
  return argv.filter(
    (arg, i) =>
      arg !== '--detach' && !own.has(arg) && !own.has(argv[i - 1] ?? '') && !/^--(pid|log)-file=/.test(arg),
  )
}

/**
 * Starts a copy of this process in a session of its own, waits until it serves, and prints its ready line. What the
 * copy says goes to the log file; if it ends before it serves, that is repeated here and its exit code is ours.
 */
export async function detach(settings: StartSettings, argv: readonly string[], io: Io): Promise<number> {
  // A name that waits for its port is not known yet.
  const name = typeof settings.name === 'string' ? settings.name : `node-${process.pid}`
  const label = name.replace(/[^\w.-]+/g, '-')
  const folder = stateFolder(io.env)
  const pidFile = resolve(io.cwd, settings.pidFile ?? join(folder, `${label}.pid`))
  const logFile = resolve(io.cwd, settings.logFile ?? join(folder, `${label}.log`))
  await claimPidFile(pidFile)

  const log = await mkdir(dirname(logFile), { recursive: true })
    .then(() => open(logFile, 'a'))
    .catch((error) => {
      throw new CliError(2, `--log-file: cannot write ${JSON.stringify(logFile)}: ${reasonOf(error)}`)
    })
  const from = (await log.stat()).size
  const [command, ...args] = ownCommand()
  const child = spawn(command, [...args, ...withoutDetach(argv), '--pid-file', pidFile], {
    cwd: io.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', log.fd],
  })
  const { stdout } = child
  try {
    const ready = await new Promise<string | number>((settle, reject) => {
      let said = ''
      const timer = setTimeout(
        () => reject(new CliError(1, `not serving after ${patience / 1_000} s; see ${logFile}`)),
        patience,
      )
      child.once('error', (error) =>
        reject(new CliError(1, `cannot start a detached process: ${reasonOf(error)}`)),
      )
      child.once('exit', (code) => {
        clearTimeout(timer)
        settle(code ?? 1)
      })
      stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const line = /^ready .*\n/m.exec(said)
        if (!line) return
        clearTimeout(timer)
        settle(line[0])
      })
    })
    if (typeof ready === 'number') {
      io.err((await readFile(logFile)).subarray(from).toString())
      return ready || 1
    }
    io.out(ready)
    io.err(
      `swim-cli: process ${child.pid} runs in the background; pid file ${pidFile}, log file ${logFile}\n`,
    )
    return 0
  } finally {
    stdout?.destroy()
    child.unref()
    await log.close()
  }
}
