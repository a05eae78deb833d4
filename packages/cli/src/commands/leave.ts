import { escapeForPrint, type LeaveResult } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { parseDuration } from '../config/duration.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface Flags extends ClientFlags {
  readonly drain?: string
}

/** What a node that drains may take beyond that, milliseconds. */
const slack = 30_000

export function configure(command: Command, io: Io): void {
  withClientOptions(command, '30s, and as long as --drain')
    .option(
      '--drain <duration>',
      'first go on for so long as a member that nobody picks any more (default: as it was started)',
    )
    .action(async ({ drain, ...flags }: Flags) => {
      const ms = drain === undefined ? undefined : parseDuration(drain)
      if (ms !== undefined && !(ms >= 0 && ms <= 3_600_000)) {
        throw new CliError(2, `--drain: ${JSON.stringify(drain)} is not allowed: must be 0 to 1h`)
      }
      const wait = ms === undefined ? {} : { timeout: `${ms + slack}ms` }
      const client = await clientOf({ ...wait, ...flags }, io)
      const answer = await client.post<LeaveResult>(
        '/v1/leave',
        ms === undefined ? undefined : { drain: ms / 1_000 },
      )
      if (flags.json) printJson(io, answer)
      else if (answer.acknowledgedBy.length === 0) io.out('left; nobody was there to confirm\n')
      else
        io.out(`left, confirmed by ${answer.acknowledgedBy.map((name) => escapeForPrint(name)).join(', ')}\n`)
    })
}
