import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { tagsText } from '../client/format.ts'
import type { MemberJson } from '../control/member-json.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { repeated } from '../repeated.ts'

interface Flags extends ClientFlags {
  readonly remove?: readonly string[]
  readonly replace?: boolean
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('[key=value...]', 'to set; none: show the tags')
    .option('--remove <key>', 'take a tag off (repeatable)', repeated)
    .option('--replace', 'take all other tags off')
    .action(async (pairs: string[], flags: Flags) => {
      const set = pairs.map((pair): [string, string] => {
        const at = pair.indexOf('=')
        if (at < 1) throw new CliError(2, `${JSON.stringify(pair)} is not allowed: must be key=value`)
        return [pair.slice(0, at), pair.slice(at + 1)]
      })
      const client = await clientOf(flags, io)
      let self = await client.get<MemberJson>('/v1/self')
      if (set.length > 0 || flags.remove || flags.replace) {
        const tags = new Map([...(flags.replace ? [] : Object.entries(self.tags)), ...set])
        for (const key of flags.remove ?? []) tags.delete(key)
        self = await client.post<MemberJson>('/v1/tags', { tags: Object.fromEntries(tags) })
      }
      if (flags.json) printJson(io, { tags: self.tags })
      else io.out(`${tagsText(self.tags) || 'no tags'}\n`)
    })
}
