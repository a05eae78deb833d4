import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('<name>', 'what has happened, in a word')
    .argument('[text]', 'what there is to say of it; name and text take 512 bytes at most')
    .action(async (name: string, text: string | undefined, flags: ClientFlags) => {
      const client = await clientOf(flags, io)
      const answer = await client.post<{ name: string; sent: boolean }>('/v1/broadcast', {
        name,
        ...(text === undefined ? {} : { payload: text }),
      })
      if (flags.json) printJson(io, answer)
      else io.out(`all are told of ${escapeForPrint(answer.name)}\n`)
    })
}
