import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[rate]', '0..1; none: show it')
    .action(async (text: string | undefined, flags: ClientFlags) => {
      if (text !== undefined && !/^(0(\.\d+)?|1(\.0+)?|\.\d+)$/.test(text)) {
        throw new CliError(2, `${JSON.stringify(text)} is not allowed: must be a number 0..1`)
      }
      const client = await clientOf(flags, io)
      const answer =
        text === undefined
          ? await client.get<{ dropRate: number }>('/v1/drop-rate')
          : await client.post<{ dropRate: number }>('/v1/drop-rate', { dropRate: Number(text) })
      if (flags.json) printJson(io, answer)
      else io.out(`${answer.dropRate}\n`)
    })
}
