import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Runtime } from '../transports/runtimes.ts'
import { ControlClient } from './control-client.ts'
import { ControlFeed, type FeedHandlers, type MemberView } from './control-feed.ts'

/** From here and from where the command is bundled to, the way is the same. */
const launcher = fileURLToPath(new URL('../../packages/cli/bin/swim-cli.js', import.meta.url))

export interface SelfView extends MemberView {
  readonly digest: string
  readonly detector: string
  readonly health: number
  readonly state: string
}

/** What a node holds, as it says itself. */
export interface View {
  readonly self: SelfView
  readonly members: readonly MemberView[]
}

export interface LifeOptions {
  readonly name: string
  readonly runtime: Runtime
  /** Before the command: where it runs. */
  readonly prefix?: readonly string[]
  /** Of `swim-cli start`, beside name and token. */
  readonly flags: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly token: string
  readonly tokenFile: string
  /** Where it logs to. */
  readonly log: string
  /** The clock that starts and ends are told by. */
  now(): number
}

/** One process that runs a node, from its start to its end. */
export class Life {
  readonly name: string
  readonly runtime: Runtime['name']
  readonly log: string
  readonly child: ChildProcess
  readonly exited: Promise<number | NodeJS.Signals>
  /** Resolves once it serves; rejects where it ends before that. */
  readonly ready: Promise<void>
  readonly #token: string
  readonly #now: () => number
  /** How it is to end, once somebody wants that. */
  wanted: 'killed' | 'left' | undefined
  ended: number | NodeJS.Signals | undefined
  endedAt: number | undefined
  /** When it began to serve. */
  readyAt: number | undefined
  boot = ''
  #client: ControlClient | undefined
  #feed: ControlFeed | undefined

  constructor({ name, runtime, prefix = [], flags, env = {}, token, tokenFile, log, now }: LifeOptions) {
    this.name = name
    this.runtime = runtime.name
    this.log = log
    this.#token = token
    this.#now = now
    const [program, ...args] = [
      ...[...prefix, runtime.command, ...runtime.args, launcher, 'start', '--name', name],
      ...['--control-token-file', tokenFile, ...flags],
    ]
    const stderr = openSync(log, 'a')
    this.child = spawn(program!, args, {
      stdio: ['ignore', 'pipe', stderr],
      env: { ...process.env, NO_COLOR: '1', ...env },
    })
    closeSync(stderr)
    this.exited = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        this.ended = code ?? signal!
        this.endedAt = now()
        this.#feed?.stop()
        this.#client?.close()
        resolve(this.ended)
      })
    })
    this.ready = this.#awaitReady()
  }

  get running(): boolean {
    return this.ended === undefined
  }

  get pid(): number {
    return this.child.pid!
  }

  get client(): ControlClient {
    if (this.#client === undefined) throw new Error(`${this.name} does not serve yet`)
    return this.#client
  }

  /** Whether what it tells of comes here. */
  get followed(): boolean {
    return this.#feed?.connected === true
  }

  follow(handlers: FeedHandlers): void {
    this.#feed = new ControlFeed(this.client.url, this.#token, handlers)
  }

  async view(timeout = 5_000): Promise<View> {
    const [self, { members }] = await Promise.all([
      this.client.read<SelfView>('/v1/self', timeout),
      this.client.read<{ members: readonly MemberView[] }>('/v1/members', timeout),
    ])
    return { self, members }
  }

  /** Resident memory in bytes, and open descriptors. */
  usage(): { readonly memory: number; readonly descriptors: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    return { memory: 1_024 * kilobytes, descriptors: readdirSync(`/proc/${this.pid}/fd`).length }
  }

  /** Seconds of processor time that it has used. */
  processorTime(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  /** What it has logged. */
  logged(): string {
    return readFileSync(this.log, 'utf8')
  }

  async #awaitReady(): Promise<void> {
    const line = await new Promise<string>((resolve, reject) => {
      let stdout = ''
      const limit = setTimeout(() => reject(new Error(`${this.name}: no ready line in 60 s`)), 60_000)
      this.child.on('error', reject)
      this.child.stdout!.on('data', (chunk) => {
        stdout += chunk
        const found = /^ready (.*)$/m.exec(stdout)?.[1]
        if (found !== undefined) {
          clearTimeout(limit)
          resolve(found)
        }
      })
      void this.exited.then((code) => {
        clearTimeout(limit)
        reject(new Error(`${this.name} ended with ${code} before it was ready`))
      })
    })
    this.#client = new ControlClient(new URL((JSON.parse(line) as { control: string }).control), this.#token)
    const { boot } = await this.#client.read<SelfView>('/v1/self', 30_000)
    this.boot = boot
    this.readyAt = this.#now()
  }
}
