import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command).action(async (flags: ClientFlags) => {
    const answer = await (await clientOf(flags, io)).post<{ stopped: boolean }>('/v1/stop')
    if (flags.json) printJson(io, answer)
    else io.out('stopped without a word: the others will find that it failed\n')
  })
}
