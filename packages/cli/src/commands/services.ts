import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { coloursOf, paintStatus, servicesText, tagsText } from '../client/format.ts'
import { table } from '../client/table.ts'
import { parseService } from '../config/service.ts'
import type { MemberJson } from '../control/member-json.ts'
import type { ServiceJson } from '../control/services-json.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { repeated } from '../repeated.ts'

interface Flags extends ClientFlags {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly suspects?: boolean
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[name]', 'only this service')
    .option('--suspects', 'members under suspicion too')
    .option('--add <name[:port]>', 'a service that the node offers from now on (repeatable)', repeated)
    .option('--remove <name>', 'one that it offers no longer (repeatable)', repeated)
    .action(async (name: string | undefined, flags: Flags) => {
      if (flags.add || flags.remove) {
        if (name !== undefined)
          throw new CliError(2, 'either name a service to list, or --add and --remove some')
        await change(flags, io)
      } else await list(name, flags, io)
    })
}

async function list(name: string | undefined, flags: Flags, io: Io): Promise<void> {
  const query = new URLSearchParams({
    ...(name === undefined ? {} : { name }),
    ...(flags.suspects ? { suspects: 'true' } : {}),
  })
  const client = await clientOf(flags, io)
  const answer = await client.get<{ services: Record<string, ServiceJson[]> }>(`/v1/services?${query}`)
  if (flags.json) {
    printJson(io, answer)
    return
  }
  const rows = Object.entries(answer.services).flatMap(([service, instances]) =>
    instances.map(({ address, endpoint, member, status, tags }) => [
      escapeForPrint(service),
      escapeForPrint(member),
      escapeForPrint(endpoint ?? address),
      paintStatus(status, coloursOf(io)),
      tagsText(tags),
    ]),
  )
  if (rows.length === 0)
    io.out(name === undefined ? 'no services\n' : `nobody offers ${escapeForPrint(name)}\n`)
  else io.out(table(['SERVICE', 'MEMBER', 'ENDPOINT', 'STATUS', 'TAGS'].map(coloursOf(io).bold), rows))
}

async function change({ add = [], remove = [], ...flags }: Flags, io: Io): Promise<void> {
  const added = add.map((text) => {
    const service = parseService(text)
    if (service === undefined)
      throw new CliError(2, `--add ${JSON.stringify(text)} is not allowed: must be name or name:port`)
    return service
  })
  const client = await clientOf(flags, io)
  const self = await client.get<MemberJson>('/v1/self')
  const gone = new Set([...remove, ...added.map(({ name }) => name)])
  const services = [...self.services.filter(({ name }) => !gone.has(name)), ...added]
  const changed = await client.post<MemberJson>('/v1/services', { services })
  if (flags.json) printJson(io, { services: changed.services })
  else io.out(`${servicesText(changed.services) || 'no services'}\n`)
}
