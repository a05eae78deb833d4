import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf } from '../client/format.ts'
import { parseFilters, passes } from '../client/member-filter.ts'
import { membersTable } from '../client/members-table.ts'
import type { MemberJson } from '../control/member-json.ts'
import type { Io } from '../io.ts'
import { repeated } from '../repeated.ts'

interface Flags extends ClientFlags {
  readonly status?: readonly string[]
  readonly tag?: readonly string[]
  readonly service?: string
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .option('--status <status>', 'only these: alive, suspect, failed or left (repeatable)', repeated)
    .option('--tag <key=regex>', 'only where the whole value of the tag matches (repeatable)', repeated)
    .option('--service <name>', 'only members that offer it')
    .action(async (flags: Flags) => {
      const filters = parseFilters(flags)
      const client = await clientOf(flags, io)
      const answer = await client.get<{ members: MemberJson[]; counts: Record<string, number> }>(
        '/v1/members',
      )
      const members = answer.members.filter((member) => passes(filters, member))
      if (flags.json) {
        printJson(io, { members, counts: answer.counts })
        return
      }
      io.out(membersTable(members, coloursOf(io), Date.now()))
      const counts = Object.entries(answer.counts).map(([status, count]) => `${count} ${status}`)
      if (io.outIsTty) io.out(`${coloursOf(io).dim(counts.join(' · '))}\n`)
    })
}
