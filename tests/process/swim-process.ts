import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { aroundEach, expect } from 'vitest'
import { newestNode } from '../newest-node.setup.ts'

export type Runtime = 'node' | 'bun' | 'deno' | 'newest'
/** One of each kind. `node` is the Node that runs the tests. */
export const runtimes: readonly Runtime[] = ['node', 'bun', 'deno']
/** And the newest Node as well. */
export const allRuntimes: readonly Runtime[] = [...runtimes, 'newest']

const bin = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url))
export const launcher = fileURLToPath(new URL('../../packages/cli/bin/swim-cli.js', import.meta.url))

/** How each runtime runs a script: program and leading arguments. */
export const commands: Readonly<Record<Runtime, readonly string[]>> = {
  node: [process.execPath],
  bun: [bin('bun')],
  newest: [newestNode],
  deno: [bin('deno'), 'run', '--allow-all', '--no-prompt'],
}

/** The JSON object of the ready line. */
export interface Ready {
  readonly name: string
  readonly address: string
  readonly control: string
  readonly detector: string
  readonly transport: string
  readonly codec: string
  readonly runtime: string
  readonly pid: number
}

export interface Member {
  readonly name: string
  readonly address: string
  readonly status: 'alive' | 'suspect' | 'failed' | 'left'
  readonly incarnation: number
}

/** A `swim-cli start` in a process of its own. */
export interface SwimProcess {
  readonly child: ChildProcess
  readonly ready: Ready
  /** Everything it has written to stderr. */
  stderr(): string
  /** `GET path` of its control API, as JSON. */
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  members(): Promise<readonly Member[]>
  /** Status by name, as this node holds it. */
  statuses(): Promise<Record<string, string>>
  signal(signal: NodeJS.Signals): void
  /** Resolves with the exit code, or the signal. */
  readonly exited: Promise<number | NodeJS.Signals>
}

/** What the test that runs here has started: tests of one file may run at once, and each ends its own. */
const startedHere = new AsyncLocalStorage<Set<ChildProcess>>()

aroundEach((runTest) => {
  const started = new Set<ChildProcess>()
  return startedHere.run(started, async () => {
    try {
      await runTest()
    } finally {
      await end(started)
    }
  })
})

/** Ends what a test has not ended itself. */
async function end(started: ReadonlySet<ChildProcess>): Promise<void> {
  const open = [...started].filter((child) => child.exitCode === null && child.signalCode === null)
  for (const child of open) {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
  }
  await Promise.all(open.map((child) => once(child, 'exit')))
}

export interface Output {
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** The output of a command that ended with 0. Throws with all that it said if it did not. */
export function succeeded<T extends Output>(output: T): T {
  const { code, stderr, stdout } = output
  if (code !== 0) throw new Error(`it ended with ${code}: ${stderr || '(nothing on stderr)'}\n${stdout}`)
  return output
}

/** Runs a command of swim-cli to its end. */
export async function swim(
  args: readonly string[],
  runtime: Runtime = 'node',
  limit = 30_000,
): Promise<Output> {
  const child = launch(args, runtime)
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    stderr += chunk
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), limit)
  const code = await exit(child)
  clearTimeout(timer)
  return { code, stdout, stderr }
}

export function launch(
  args: readonly string[],
  runtime: Runtime = 'node',
  script = launcher,
  cwd?: string,
): ChildProcess {
  const [program, ...leading] = commands[runtime]
  return launchProgram(program!, [...leading, script, ...args], cwd)
}

export function launchProgram(program: string, args: readonly string[], cwd?: string): ChildProcess {
  const started = startedHere.getStore()
  if (started === undefined) throw new Error('a process that no test starts would be left behind')
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    ...(cwd === undefined ? {} : { cwd }),
  })
  started.add(child)
  ends.set(child, ended(child))
  return child
}

const ends = new WeakMap<ChildProcess, Promise<number | NodeJS.Signals>>()

async function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  // Not 'exit': what it wrote may come later.
  await once(child, 'close')
  return child.exitCode ?? child.signalCode!
}

/** Starts a node on loopback, and resolves once it serves. */
export function start(flags: readonly string[], runtime: Runtime = 'node'): Promise<SwimProcess> {
  return serving(launch(['start', '--bind', '127.0.0.1', ...flags], runtime), flags)
}

export async function serving(child: ChildProcess, flags: readonly string[] = []): Promise<SwimProcess> {
  let stderr = ''
  child.stderr!.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = exit(child)
  const ready = await new Promise<Ready>((resolve, reject) => {
    let stdout = ''
    const timer = setTimeout(
      () => reject(new Error(`no ready line from ${flags.join(' ')}: ${stderr}`)),
      30_000,
    )
    child.stdout!.on('data', (chunk) => {
      stdout += chunk
      const line = /^ready (.*)$/m.exec(stdout)
      if (line === null) return
      clearTimeout(timer)
      resolve(JSON.parse(line[1]!))
    })
    void exited.then((code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code} before it was ready: ${stderr}`))
    })
  })
  const call = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(new URL(path, ready.control), init)
    // The shape is the caller's claim about the contract; a wrong one fails its assertions.
    const body = (await response.json()) as T
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
    return body
  }
  const members = async (): Promise<readonly Member[]> =>
    (await call<{ members: readonly Member[] }>('/v1/members')).members
  return {
    child,
    ready,
    stderr: () => stderr,
    get: (path) => call(path),
    post: (path, body) =>
      call(path, {
        method: 'POST',
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
    members,
    statuses: async () => Object.fromEntries((await members()).map(({ name, status }) => [name, status])),
    signal: (signal) => child.kill(signal),
    exited,
  }
}

/** Resolves with the exit code, or the signal, of what was launched here, once all that it wrote has come. */
export const exit = (child: ChildProcess): Promise<number | NodeJS.Signals> => ends.get(child)!

/** Does so many of them at a time: with more than there are processors, each only takes longer. */
export async function inTurns<T>(
  atOnce: number,
  of: readonly T[],
  does: (each: T) => Promise<void>,
): Promise<void> {
  const left = of.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const each of left) await does(each)
    }),
  )
}

/** Looks again and again until something holds; the last look is part of the error when it never does. Returns the milliseconds it took. */
export async function eventually(
  what: string,
  limit: number,
  look: () => Promise<{ readonly ok: boolean; readonly seen: unknown }>,
): Promise<number> {
  const begin = performance.now()
  let seen: unknown
  while (performance.now() - begin < limit) {
    try {
      const outcome = await look()
      if (outcome.ok) return performance.now() - begin
      seen = outcome.seen
    } catch (error) {
      seen = String(error)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what}: not within ${limit} ms; last seen: ${JSON.stringify(seen)}`)
}

/**
 * Until each of the observers holds exactly these statuses. The limit is for busy machines, and below `syncInterval`: what was not told is not made good by
 * comparing tables.
 */
export function agree(
  observers: readonly SwimProcess[],
  expected: Readonly<Record<string, string>>,
  limit = 20_000,
): Promise<number> {
  return eventually(JSON.stringify(expected), limit, async () => {
    const seen = await Promise.all(observers.map((observer) => observer.statuses()))
    return { ok: seen.every((each) => same(each, expected)), seen }
  })
}

/** That each of them holds exactly these statuses now, for what must not have changed: one look, where `agree` would wait for it to be so again. */
export async function hold(
  observers: readonly SwimProcess[],
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  const seen = await Promise.all(observers.map((observer) => observer.statuses()))
  expect(seen).toEqual(observers.map(() => expected))
}

export const same = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.keys(b).every((key) => a[key] === b[key])

/** Member events of a node from here on, by type, as its event stream tells them. */
export async function follow(
  node: SwimProcess,
): Promise<{ readonly events: readonly string[]; stop(): void }> {
  const events: string[] = []
  const abort = new AbortController()
  const response = await fetch(new URL('/v1/events', node.ready.control), { signal: abort.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      text += value
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        const event = JSON.parse(data) as { type: string; member?: { name: string } }
        events.push(`${event.type} ${event.member?.name ?? ''}`.trim())
      }
    }
  }
  read().catch(() => undefined)
  return { events, stop: () => abort.abort() }
}
