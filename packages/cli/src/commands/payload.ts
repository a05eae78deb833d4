import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { payloadText } from '../client/format.ts'
import { readNamedFile } from '../config/named-file.ts'
import type { MemberJson } from '../control/member-json.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface Flags extends ClientFlags {
  readonly file?: string
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[text]', 'to set; none: show the payload')
    .option('--file <file>', 'set the bytes of a file')
    .action(async (text: string | undefined, flags: Flags) => {
      if (text !== undefined && flags.file !== undefined) {
        throw new CliError(2, 'the text and --file contradict each other: give one of them')
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
        : await client.get<MemberJson>('/v1/self')
      const { payload, payloadBase64 } = self
      if (flags.json) printJson(io, payloadBase64 === undefined ? { payload } : { payloadBase64 })
      else io.out(`${payloadText(self) || 'no payload'}\n`)
    })
}
