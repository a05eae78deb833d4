import type { Command } from 'commander'
import { certificatesIn } from '../config/certificate.ts'
import { parseDuration } from '../config/duration.ts'
import { tokenIn } from '../config/token.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { type AskOptions, askJson, type ControlTarget, controlUrl, defaultControl } from './control-client.ts'

/** How long an answer is waited for. */
const defaultPatience = '30s'

/** Options that every command for a running node has. */
export interface ClientFlags {
  readonly control?: string
  readonly controlToken?: string
  readonly controlTokenFile?: string
  readonly controlCa?: string
  readonly timeout?: string
  readonly json?: boolean
}

/** Adds them. `patience` is how long an answer is waited for where nobody says so, in words. */
export function withClientOptions(command: Command, patience = defaultPatience): Command {
  return command
    .option(
      '--control <host:port|url|unix:/path>',
      `control API of the node (default: http://${defaultControl}) [SWIM_CONTROL]`,
    )
    .option('--control-token-file <file>', 'file with its token [SWIM_CONTROL_TOKEN_FILE]')
    .option('--control-token <token>', 'its token (shows in the process list) [SWIM_CONTROL_TOKEN]')
    .option(
      '--control-ca <file>',
      'certificates in PEM that it is trusted by, instead of those of the system; it is then asked over https:// alone [SWIM_CONTROL_CA]',
    )
    .option('--timeout <duration>', `wait for an answer (default: ${patience})`)
    .option('--json', 'print JSON')
}

/** Asks the node that the options name. */
export interface Client {
  readonly target: ControlTarget
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
}

async function tokenOf(flags: ClientFlags, env: Io['env']): Promise<string | undefined> {
  if (flags.controlToken !== undefined && flags.controlTokenFile !== undefined) {
    throw new CliError(2, '--control-token and --control-token-file contradict each other: give one of them')
  }
  if (flags.controlToken !== undefined) return flags.controlToken
  if (flags.controlTokenFile !== undefined) return tokenIn('--control-token-file', flags.controlTokenFile)
  if (env.SWIM_CONTROL_TOKEN) return env.SWIM_CONTROL_TOKEN
  if (env.SWIM_CONTROL_TOKEN_FILE) return tokenIn('SWIM_CONTROL_TOKEN_FILE', env.SWIM_CONTROL_TOKEN_FILE)
  return undefined
}

/** The certificates to trust, and what they were given as. That they are some is found out here, as no runtime minds those that are none. */
async function authorityOf(
  flags: ClientFlags,
  env: Io['env'],
): Promise<{ readonly label: string; readonly ca: string } | undefined> {
  const [label, path] =
    flags.controlCa === undefined
      ? ['SWIM_CONTROL_CA', env.SWIM_CONTROL_CA]
      : ['--control-ca', flags.controlCa]
  if (!path) return undefined
  return { label, ca: (await certificatesIn({ label, path })).text }
}

/** The node to ask, by flags, then the environment. Throws a {@link CliError} with exit code 2. */
export async function clientOf(flags: ClientFlags, io: Io): Promise<Client> {
  const { control, timeout = defaultPatience } = flags
  const wait = parseDuration(timeout)
  if (!(wait > 0)) {
    throw new CliError(
      2,
      `--timeout: ${JSON.stringify(timeout)} is not allowed: must be a duration above 0: seconds, or with a unit (500ms, 2m)`,
    )
  }
  const [token, authority] = await Promise.all([tokenOf(flags, io.env), authorityOf(flags, io.env)])
  const where =
    control !== undefined
      ? controlUrl('--control', control, authority?.label)
      : controlUrl('SWIM_CONTROL', io.env.SWIM_CONTROL || defaultControl, authority?.label)
  const target: ControlTarget = { ...where, token, ca: authority?.ca, timeout: wait }
  const send = <T>(path: string, options: Omit<AskOptions, 'signal'>) =>
    askJson<T>(target, path, { ...options, signal: io.interrupted })
  return {
    target,
    get: (path) => send(path, {}),
    post: (path, body) => send(path, { method: 'POST', ...(body === undefined ? {} : { body }) }),
  }
}

/** Prints an answer as JSON, on one line. */
export const printJson = (io: Io, answer: unknown): void => io.out(`${JSON.stringify(answer)}\n`)
