import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { CliError, codeOf, reasonOf } from '../errors.ts'

/** Where the files of detached nodes are, unless they are named: `$XDG_STATE_HOME/swim-cli`, by default under `~/.local/state`. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const home = env.HOME || homedir()
  return join(env.XDG_STATE_HOME || (home ? join(home, '.local', 'state') : tmpdir()), 'swim-cli')
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Refuses, with exit code 2, where the file names a process that is still there. */
export async function claimPidFile(path: string): Promise<void> {
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw new CliError(2, `--pid-file: cannot read ${JSON.stringify(path)}: ${reasonOf(error)}`)
  }
  const pid = Number(content.trim())
  if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && isRunning(pid)) {
    throw new CliError(
      2,
      `--pid-file: ${JSON.stringify(path)} names process ${pid}, which is running: stop it or name another file`,
    )
  }
}

/** Writes this process's id; returns how to remove it. */
export async function writePidFile(path: string): Promise<() => Promise<void>> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${process.pid}\n`)
  } catch (error) {
    throw new CliError(2, `--pid-file: cannot write ${JSON.stringify(path)}: ${reasonOf(error)}`)
  }
  return () => rm(path, { force: true })
}
