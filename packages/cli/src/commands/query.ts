import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf } from '../client/format.ts'
import { table } from '../client/table.ts'
import { parseDuration } from '../config/duration.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { repeated } from '../repeated.ts'

interface Flags extends ClientFlags {
  readonly member?: readonly string[]
  readonly tag?: readonly string[]
  readonly within?: string
}

interface AnswersJson {
  readonly answers: readonly {
    readonly member: string
    readonly payload?: string
    readonly payloadBase64?: string
  }[]
  readonly silent: readonly string[]
  readonly unfinished: readonly string[]
}

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  withClientOptions(command, '10s more than --within, or 70s')
    .argument('<name>', 'of the question; members answer those that they know (start --answer)')
    .argument('[text]', 'what else there is to say; name and text take 512 bytes at most')
    .option('--member <name>', 'ask only this one (repeatable)', repeated)
    .option('--tag <key=value>', 'ask only those that have this tag (repeatable)', repeated)
    .option(
      '--within <duration>',
      'how long to wait for answers, 10ms to 10m (default: by the size of the group)',
    )
    .action(async (name: string, text: string | undefined, flags: Flags) => {
      const timeout = flags.within === undefined ? undefined : durationOf(flags.within)
      const body = {
        name,
        ...(text === undefined ? {} : { payload: text }),
        ...(flags.member === undefined ? {} : { members: flags.member }),
        ...(flags.tag === undefined ? {} : { tags: tagsOf(flags.tag) }),
        ...(timeout === undefined ? {} : { timeout: timeout / 1_000 }),
      }
      // The node answers when it has all answers, or when their time is over.
      const wait = `${(timeout ?? longestDefault) + 10_000}ms`
      const client = await clientOf({ ...flags, timeout: flags.timeout ?? wait }, io)
      const answer = await client.post<AnswersJson>('/v1/query', body)
      if (flags.json) printJson(io, answer)
      else io.out(shown(answer, io))
      // For scripts: not all of those that were asked have been heard.
      if (answer.silent.length + answer.unfinished.length > 0) exit(1)
    })
}

/** Milliseconds that a node waits for answers at most where it is not told how long: at 100,000 members and `wan`. */
const longestDefault = 60_000

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (!(ms >= 10 && ms <= 600_000)) {
    throw new CliError(2, `--within: ${JSON.stringify(text)} is not allowed: must be 10ms to 10m`)
  }
  return ms
}

function tagsOf(tags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf('=')
      if (at < 1) throw new CliError(2, `--tag: ${JSON.stringify(tag)} is not allowed: must be key=value`)
      return [tag.slice(0, at), tag.slice(at + 1)]
    }),
  )
}

function shown({ answers, silent, unfinished }: AnswersJson, io: Io): string {
  const rows = answers.map(({ member, payload, payloadBase64 }) => [
    escapeForPrint(member),
    payload === undefined ? `base64 ${payloadBase64}` : escapeForPrint(payload),
  ])
  const lines = [
    rows.length === 0 ? 'no answers\n' : table(['MEMBER', 'ANSWER'].map(coloursOf(io).bold), rows),
    silent.length === 0 ? '' : `not heard: ${silent.map((name) => escapeForPrint(name)).join(', ')}\n`,
    unfinished.length === 0
      ? ''
      : `not done in time: ${unfinished.map((name) => escapeForPrint(name)).join(', ')}\n`,
  ]
  return lines.join('')
}
