import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf, paintStatus, payloadText, servicesText, tagsText } from '../client/format.ts'
import { table } from '../client/table.ts'
import type { MemberJson } from '../control/member-json.ts'
import type { Io } from '../io.ts'

interface SelfJson extends MemberJson {
  readonly cluster: string
  readonly detector: string
  readonly transport: string
  readonly codec: string
  readonly profile: string
  readonly health: number
  readonly healthMax: number
  readonly digest: string
  readonly runtime: string
  readonly version: string
  readonly advertiseReason: string
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command).action(async (flags: ClientFlags) => {
    const self = await (await clientOf(flags, io)).get<SelfJson>('/v1/self')
    if (flags.json) {
      printJson(io, self)
      return
    }
    const colours = coloursOf(io)
    const rows: [string, string][] = [
      ['name', escapeForPrint(self.name)],
      [
        'address',
        `${escapeForPrint(self.address)} ${colours.dim(`(${escapeForPrint(self.advertiseReason)})`)}`,
      ],
      ['status', paintStatus(self.status, colours) + (self.leaving ? ' leaving' : '')],
      ['incarnation', String(self.incarnation)],
      ['cluster', escapeForPrint(self.cluster)],
      ['detector', escapeForPrint(self.detector)],
      ['transport', escapeForPrint(self.transport)],
      ['codec', escapeForPrint(self.codec)],
      ['profile', escapeForPrint(self.profile)],
      ['health', `${self.health}/${self.healthMax} ${colours.dim('(0 is best)')}`],
      ['digest', escapeForPrint(self.digest)],
      ['tags', tagsText(self.tags)],
      ['services', servicesText(self.services)],
      ['payload', payloadText(self)],
      ['runtime', escapeForPrint(self.runtime)],
      ['version', escapeForPrint(self.version)],
    ]
    io.out(
      table(
        [],
        rows.map(([key, value]) => [colours.bold(key), value]),
      ),
    )
  })
}
