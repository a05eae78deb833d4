import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

interface RttJson {
  readonly a: string
  readonly b: string
  readonly rttMs: number
  readonly source: 'measured' | 'estimated'
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('<a>', 'name of a member')
    .argument('[b]', 'name of another; by default the node that is asked')
    .action(async (a: string, b: string | undefined, flags: ClientFlags) => {
      const client = await clientOf(flags, io)
      const query = new URLSearchParams(b === undefined ? { a } : { a, b })
      const answer = await client.get<RttJson>(`/v1/rtt?${query}`)
      if (flags.json) {
        printJson(io, answer)
        return
      }
      const { rttMs, source } = answer
      const shown = rttMs.toFixed(rttMs < 10 ? 2 : 1)
      io.out(`${escapeForPrint(answer.a)} ${escapeForPrint(answer.b)} ${shown} ms (${source})\n`)
    })
}
