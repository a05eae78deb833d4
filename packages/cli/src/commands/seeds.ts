import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface Flags extends ClientFlags {
  readonly none?: boolean
}

interface SeedsJson {
  readonly seeds: readonly string[]
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[address...]', 'host:port, dns+name:port or dnssrv+name: the seeds from now on')
    .option('--none', 'look for nobody any more')
    .action(async (addresses: string[], flags: Flags) => {
      const wanted = addresses.flatMap((text) => text.split(',')).filter((text) => text !== '')
      if (flags.none && wanted.length > 0) throw new CliError(2, 'either name seeds, or give --none')
      const client = await clientOf(flags, io)
      const answer =
        flags.none || wanted.length > 0
          ? await client.post<SeedsJson>('/v1/seeds', { seeds: wanted })
          : await client.get<SeedsJson>('/v1/seeds')
      if (flags.json) printJson(io, answer)
      else io.out(`${answer.seeds.map((seed) => escapeForPrint(seed)).join('\n') || 'no seeds'}\n`)
    })
}
