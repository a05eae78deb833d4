import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf } from '../client/format.ts'
import { table } from '../client/table.ts'
import { isKey, keyAllowed, keysIn } from '../config/keys.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface KeysJson {
  readonly keys: readonly {
    readonly id: string
    readonly members: number
    readonly primary: number
    readonly lacking: readonly string[]
  }[]
  readonly members: number
  readonly missing: readonly string[]
  readonly errors: Readonly<Record<string, string>>
}

/** What may be done, and what it is done with. */
const steps = {
  list: undefined,
  install: 'the file that holds the key, as swim-cli keygen prints it, or - for standard input',
  use: 'the id of a key',
  remove: 'the id of a key',
} as const
type Step = keyof typeof steps

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  withClientOptions(command, patience)
    .argument(
      '[step]',
      'list (the default), install FILE, use ID or remove ID: one after the other, each at all members',
    )
    .argument('[what]', 'a file with a key (- for standard input), or the id of a key')
    .action(async (given: string | undefined, what: string | undefined, flags: ClientFlags) => {
      const step = stepOf(given, what)
      const client = await clientOf({ ...flags, timeout: flags.timeout ?? patience }, io)
      const body = step === 'install' ? { key: await keyFrom(what!, io) } : { id: what }
      const answer =
        step === 'list'
          ? await client.get<KeysJson>('/v1/keys')
          : await client.post<KeysJson>(`/v1/keys/${step}`, body)
      if (flags.json) printJson(io, answer)
      else io.out(shown(answer, io))
      // For scripts: the step is not done at all members.
      if (answer.missing.length + Object.keys(answer.errors).length > 0) exit(1)
    })
}

/** A node waits for its members, twice where it looks before it acts. */
const patience = '150s'

function stepOf(given = 'list', what: string | undefined): Step {
  if (!Object.hasOwn(steps, given)) {
    throw new CliError(2, `${JSON.stringify(given)} is not allowed: must be list, install, use or remove`)
  }
  const step = given as Step // looked up in the line above
  const needs = steps[step]
  if (needs !== undefined && what === undefined) throw new CliError(2, `keys ${step} needs ${needs}`)
  if (needs === undefined && what !== undefined) throw new CliError(2, `keys ${step} takes nothing more`)
  if ((step === 'use' || step === 'remove') && !/^[0-9a-f]{8}$/.test(what!)) {
    throw new CliError(
      2,
      `${JSON.stringify(what)} is no id of a key: must be 8 digits, as keys list shows them`,
    )
  }
  return step
}

async function keyFrom(what: string, io: Io): Promise<string> {
  if (what === '-') {
    const text = (await io.input()).trim()
    if (!isKey(text)) throw new CliError(2, `standard input holds no key: ${keyAllowed}`)
    return text
  }
  if (isKey(what)) {
    throw new CliError(
      2,
      'a key on the command line shows in the process list: give it as a file, or as - on standard input',
    )
  }
  const warnings: string[] = []
  const keys = await keysIn({ label: 'keys install', path: what }, warnings)
  for (const warning of warnings) io.err(`swim-cli: ${warning}\n`)
  if (keys.length !== 1) {
    throw new CliError(
      2,
      `keys install: ${JSON.stringify(what)} holds ${keys.length} keys: one is installed at a time`,
    )
  }
  return keys[0]!
}

function shown({ errors, keys, members, missing }: KeysJson, io: Io): string {
  const names = (list: readonly string[]): string => list.map((name) => escapeForPrint(name)).join(', ')
  const rows = keys.map(({ id, lacking, members: holding, primary }) => [
    id,
    `${holding}/${members}`,
    `${primary}/${members}`,
    names(lacking),
  ])
  return [
    table(['KEY', 'HELD BY', 'SEALS AT', 'LACKING AT'].map(coloursOf(io).bold), rows),
    missing.length === 0 ? '' : `no answer: ${names(missing)}\n`,
    ...Object.entries(errors).map(
      ([member, error]) => `not done at ${escapeForPrint(member)}: ${escapeForPrint(error)}\n`,
    ),
  ].join('')
}
