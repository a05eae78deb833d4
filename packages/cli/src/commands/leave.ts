import { escapeForPrint, type LeaveResult } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io): void {
  withClientOptions(command).action(async (flags: ClientFlags) => {
    const answer = await (await clientOf(flags, io)).post<LeaveResult>('/v1/leave')
    if (flags.json) printJson(io, answer)
    else if (answer.acknowledgedBy.length === 0) io.out('left; nobody was there to confirm\n')
    else
      io.out(`left, confirmed by ${answer.acknowledgedBy.map((name) => escapeForPrint(name)).join(', ')}\n`)
  })
}
