import { escapeForPrint, type JoinResult } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  withClientOptions(command)
    .argument('<address...>', 'host:port, dns+name:port or dnssrv+name')
    .action(async (addresses: string[], flags: ClientFlags) => {
      const seeds = addresses.flatMap((text) => text.split(',')).filter((text) => text !== '')
      const result = await (await clientOf(flags, io)).post<JoinResult>('/v1/join', { seeds })
      if (flags.json) printJson(io, result)
      else for (const seed of result.joined) io.out(`joined through ${escapeForPrint(seed)}\n`)
      if (!flags.json) {
        for (const { seed, code, message } of result.failed) {
          io.err(
            `swim-cli: ${escapeForPrint(seed)} did not introduce the node: ${escapeForPrint(code)}: ${escapeForPrint(message)}\n`,
          )
        }
      }
      if (result.joined.length === 0) exit(1)
    })
}
