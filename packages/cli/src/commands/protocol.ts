import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf } from '../client/format.ts'
import { table } from '../client/table.ts'
import { formatDuration } from '../config/duration.ts'
import { isDuration } from '../control/settings-json.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command).action(async (flags: ClientFlags) => {
    const protocol = await (await clientOf(flags, io)).get<Record<string, unknown>>('/v1/protocol')
    if (flags.json) {
      printJson(io, protocol)
      return
    }
    const { bold } = coloursOf(io)
    io.out(
      table(
        [],
        Object.entries(protocol).map(([key, value]) => [
          bold(escapeForPrint(key)),
          typeof value === 'number' && isDuration(key)
            ? formatDuration(value * 1_000)
            : escapeForPrint(String(value)),
        ]),
      ),
    )
  })
}
