import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { payloadText } from '../client/format.ts'
import { readNamedFile } from '../config/named-file.ts'
import type { MemberJson } from '../control/member-json.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface Flags extends ClientFlags {
  readonly file?: string
  readonly of?: string
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[text]', 'to set; none: show the payload')
    .option('--file <file>', 'set the bytes of a file')
    .option('--of <name>', "show another member's payload")
    .action(async (text: string | undefined, flags: Flags) => {
      if (text !== undefined && flags.file !== undefined) {
        throw new CliError(2, 'the text and --file contradict each other: give one of them')
      }
      if (flags.of !== undefined && (text !== undefined || flags.file !== undefined)) {
        throw new CliError(2, "--of shows another member's payload, which only that one can set")
      }
      const client = await clientOf(flags, io)
      const body =
        flags.file !== undefined
          ? { payloadBase64: Buffer.from(await readNamedFile('--file', flags.file)).toString('base64') }
          : text !== undefined
            ? { payload: text }
            : undefined
      const self = body
        ? await client.post<MemberJson>('/v1/payload', body)
        : await client.get<MemberJson>(
            flags.of === undefined ? '/v1/self' : `/v1/members/${encodeURIComponent(flags.of)}`,
          )
      const { payload, payloadBase64, payloadBytes, payloadHash } = self
      if (flags.json) {
        const shown =
          payload !== undefined
            ? { payload }
            : payloadBase64 !== undefined
              ? { payloadBase64 }
              : { payloadBytes, payloadHash }
        printJson(io, shown)
      } else io.out(`${payloadText(self) || 'no payload'}\n`)
    })
}
