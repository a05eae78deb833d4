import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('<name>', 'of the member')
    .action(async (name: string, flags: ClientFlags) => {
      const client = await clientOf(flags, io)
      const answer = await client.post<{ name: string; rttMs: number; path: string }>(
        `/v1/members/${encodeURIComponent(name)}/ping`,
      )
      if (flags.json) printJson(io, answer)
      else {
        const { rttMs, path } = answer
        io.out(
          `${escapeForPrint(answer.name)} answered in ${rttMs.toFixed(2)} ms over ${path === 'stream' ? 'a stream' : 'a packet'}\n`,
        )
      }
    })
}
