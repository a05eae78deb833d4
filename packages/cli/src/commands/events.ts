import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, withClientOptions } from '../client/client-command.ts'
import { follow } from '../client/follow.ts'
import { type Colours, clock, coloursOf, payloadText } from '../client/format.ts'
import type { BroadcastJson } from '../control/event-stream.ts'
import type { MemberEventJson } from '../control/member-json.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'

interface Flags extends ClientFlags {
  readonly after?: string
  readonly damped?: boolean
  readonly broadcasts?: boolean
  readonly count?: string
}

/** How long a node that went away is waited for, milliseconds. */
const patience = 60_000

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .option('--after <id>', 'first those that are kept after this event')
    .option('--damped', 'without how members that flap go back and forth')
    .option('--broadcasts', 'with what members tell all')
    .option('--count <n>', 'end after so many')
    .action(async (flags: Flags) => {
      for (const [flag, value] of [
        ['--after', flags.after],
        ['--count', flags.count],
      ] as const) {
        if (value !== undefined && !/^\d{1,15}$/.test(value)) {
          throw new CliError(2, `${flag}: ${JSON.stringify(value)} is not allowed: must be a whole number`)
        }
      }
      const { target } = await clientOf(flags, io)
      const enough = new AbortController()
      const colours = coloursOf(io)
      let left = flags.count === undefined ? Number.POSITIVE_INFINITY : Number(flags.count)
      await follow(target, {
        signal: AbortSignal.any([io.interrupted, enough.signal]),
        after: flags.after,
        damped: flags.damped ?? false,
        broadcasts: flags.broadcasts ?? false,
        patience,
        onLost: (reason) => io.err(`swim-cli: connection lost (${printable(reason)}), trying again\n`),
        caughtUp: io.outTaken,
        onEvent({ event, data }) {
          if (left <= 0) return
          if (flags.json) io.out(`${event === undefined || event === 'member' ? data : typed(event, data)}\n`)
          else io.out(eventLine(event, data, colours))
          if ((event === 'member' || event === 'broadcast') && --left <= 0) enough.abort()
        },
      })
    })
}

/** What is no event of a member; its type tells it from those. */
const typed = (type: string, data: string): string => JSON.stringify({ type, ...JSON.parse(data) })

const paints = {
  join: 'green',
  alive: 'green',
  suspect: 'yellow',
  failed: 'red',
  leave: 'dim',
  update: 'cyan',
  reap: 'dim',
  conflict: 'red',
  degraded: 'yellow',
  'detector-missing': 'yellow',
  switch: 'cyan',
  restored: 'green',
  flapping: 'yellow',
  calm: 'green',
  payload: 'cyan',
} as const satisfies Readonly<Record<MemberEventJson['type'], keyof Colours>>

function eventLine(kind: string | undefined, data: string, colours: Colours): string {
  if (kind === 'gap') {
    const { missed } = JSON.parse(data) as { missed: number | null }
    return `${colours.yellow(missed === null ? 'earlier events are of another run' : `${missed} events missed`)}\n`
  }
  if (kind === 'broadcast-gap') {
    return `${colours.yellow(`${(JSON.parse(data) as { missed: number }).missed} broadcasts missed`)}\n`
  }
  if (kind === 'broadcast') {
    const { from, name, toldAt, ...body } = JSON.parse(data) as BroadcastJson
    const said = `${escapeForPrint(from)} says ${escapeForPrint(name)}`
    return `${colours.dim(clock(new Date(toldAt)))}  ${colours.cyan('told'.padEnd(8))}  ${said}  ${payloadText(body)}\n`
  }
  const { type, member, at, restarted, detail } = JSON.parse(data) as MemberEventJson
  const paint = colours[paints[type] ?? 'dim']
  const extra = [restarted ? 'restarted' : '', detail === undefined ? '' : escapeForPrint(detail)].filter(
    Boolean,
  )
  return `${colours.dim(clock(new Date(at)))}  ${paint(escapeForPrint(type).padEnd(8))}  ${escapeForPrint(member.name)}  ${colours.dim(`${escapeForPrint(member.address)} incarnation ${member.incarnation}${extra.map((text) => ` ${text}`).join('')}`)}\n`
}
