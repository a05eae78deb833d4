import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

interface Flags extends ClientFlags {
  readonly prune?: boolean
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('<name>', 'of the member that is gone for good; one that lives refutes it, and stays')
    .option('--prune', 'forget it at once, and not only when its retention is over')
    .action(async (name: string, flags: Flags) => {
      const client = await clientOf(flags, io)
      const answer = await client.post<{ name: string; pruned: boolean }>(
        `/v1/members/${encodeURIComponent(name)}/force-leave`,
        { prune: flags.prune === true },
      )
      if (flags.json) printJson(io, answer)
      else {
        io.out(
          `${escapeForPrint(answer.name)} was told to have left${answer.pruned ? ', and is forgotten' : ''}\n`,
        )
      }
    })
}
