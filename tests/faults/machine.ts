import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import process from 'node:process'

/** Set in the process that runs inside of the namespaces: the folder for what it writes. */
export const insideVariable = 'SWIMKIT_FAULTS_FOLDER'

/** Of the processes and all that is made for them. */
const namespaces = [
  ...['--net', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--mount-proc', '--kill-child=KILL'],
]

/** What the machine lacks for these tests, and cannot be given: the command says it, and ends with 2. */
export class MachineError extends Error {
  override readonly name = 'MachineError'
}

/** Programs that the faults are made with, and the Debian package of each. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  prlimit: 'util-linux',
  mount: 'mount',
}

/**
 * Sees to it that everything is there that faults are made with, and installs what is missing where it can. Throws a {@link MachineError}
 * that says what is missing.
 */
export function prepareMachine(): void {
  const why = hindrance()
  if (why !== undefined) throw new MachineError(why)
  const wanted = missing()
  if (wanted.length === 0) return
  if (!isProgram('apt-get')) {
    throw new MachineError(`needs ${wanted.join(', ')}: install what these Debian packages hold`)
  }
  process.stderr.write(`installing ${wanted.join(', ')}\n`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'pipe'], env })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    })
  } catch (error) {
    throw new MachineError(`needs ${wanted.join(', ')}, and apt-get did not install them: ${String(error)}`)
  }
  const still = missing()
  if (still.length > 0)
    throw new MachineError(`needs ${still.join(', ')}: apt-get installed them, and they are not found`)
}

/** What the faults need that nothing can install; undefined: nothing. */
export function hindrance(): string | undefined {
  if (process.platform !== 'linux') {
    return `needs network namespaces, which Linux has and ${process.platform} has not`
  }
  if (process.getuid?.() !== 0) return 'needs root: it makes network namespaces, mounts and packet filters'
  const { error, status, stderr } = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' })
  // Where there is no such program, it can be installed.
  if (error !== undefined || status === 0) return undefined
  return `needs the right to make namespaces, which root has not everywhere: ${stderr.trim()}`
}

function missing(): string[] {
  const packages = Object.entries(programs).flatMap(([program, from]) => (isProgram(program) ? [] : [from]))
  if (clockLibrary() === undefined) packages.push('libfaketime')
  return [...new Set(packages)]
}

function isProgram(name: string): boolean {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  return path.split(':').some((folder) => folder !== '' && existsSync(`${folder}/${name}`))
}

/** The library that gives one process a wall clock of its own. */
export function clockLibrary(): string | undefined {
  for (const base of ['/usr/lib', '/usr/lib64', '/usr/local/lib']) {
    if (!existsSync(base)) continue
    for (const folder of ['', ...readdirSync(base)]) {
      const path = `${base}/${folder}/faketime/libfaketimeMT.so.1`
      if (existsSync(path)) return path
    }
  }
  return undefined
}

/**
 * Runs this program again in namespaces of its own: network, mounts and processes. Nothing that it makes there is seen outside, and all of
 * it is gone with its first process, however that ends: so nothing is left to clean up, not even after a SIGKILL. Resolves with the exit code.
 */
export function runInside(args: readonly string[], folder: string): Promise<number> {
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', ...namespaces],
      ...[process.execPath, ...process.execArgv, process.argv[1]!, ...args],
    ],
    {
      stdio: 'inherit',
      env: { ...process.env, [insideVariable]: folder, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    },
  )
  // A terminal's SIGINT reaches the process inside as well, which then says what came of it so far.
  process.on('SIGINT', () => setTimeout(() => child.kill('SIGKILL'), 10_000).unref())
  process.on('SIGTERM', () => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
