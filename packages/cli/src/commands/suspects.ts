import { escapeForPrint, type SuspectInfo } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { ago, coloursOf } from '../client/format.ts'
import { table } from '../client/table.ts'
import type { Io } from '../io.ts'

type SuspectJson = Omit<SuspectInfo, 'since' | 'deadline'> & {
  readonly since: string
  readonly deadline: string
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command).action(async (flags: ClientFlags) => {
    const answer = await (await clientOf(flags, io)).get<{ suspects: SuspectJson[] }>('/v1/suspects')
    if (flags.json) {
      printJson(io, answer)
      return
    }
    if (answer.suspects.length === 0) {
      io.out('nobody is suspected\n')
      return
    }
    const now = Date.now()
    io.out(
      table(
        ['NAME', 'INCARNATION', 'FOR', 'FAILS IN', 'ACCUSED BY'].map(coloursOf(io).bold),
        answer.suspects.map(({ name, incarnation, since, deadline, accusers }) => [
          escapeForPrint(name),
          String(incarnation),
          ago(since, now),
          `${(Math.max(0, Date.parse(deadline) - now) / 1_000).toFixed(1)}s`,
          accusers.map((accuser) => escapeForPrint(accuser)).join(', '),
        ]),
      ),
    )
  })
}
