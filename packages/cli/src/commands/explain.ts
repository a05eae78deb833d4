import { type EvidenceEntry, type Explanation, escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { clock, coloursOf, paintStatus } from '../client/format.ts'
import { table } from '../client/table.ts'
import type { Io } from '../io.ts'

type ExplanationJson = Omit<Explanation, 'evidence'> & {
  readonly evidence: readonly (Omit<EvidenceEntry, 'at'> & { readonly at: string })[]
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument('<name>', 'of the member')
    .action(async (name: string, flags: ClientFlags) => {
      const client = await clientOf(flags, io)
      const answer = await client.get<ExplanationJson>(`/v1/members/${encodeURIComponent(name)}/explain`)
      if (flags.json) {
        printJson(io, answer)
        return
      }
      const colours = coloursOf(io)
      const { flapping, flaps, name: shown, status } = answer
      const back = flaps === 0 ? '' : `, and has come back ${flaps === 1 ? 'once' : `${flaps} times`}`
      io.out(
        `${escapeForPrint(shown)} is ${paintStatus(status, colours)}${back}${flapping ? ': it flaps' : ''}\n`,
      )
      if (answer.evidence.length === 0) {
        io.out(
          'no failed probe, accusation or change of status is on record: probes that are answered leave no trace\n',
        )
        return
      }
      io.out(
        table(
          ['AT', 'BY', 'PATH', 'OUTCOME', 'INCARNATION'].map(colours.bold),
          answer.evidence.map(({ at, by, path, outcome, incarnation }) => [
            clock(new Date(at)),
            escapeForPrint(by),
            escapeForPrint(path),
            escapeForPrint(outcome),
            String(incarnation),
          ]),
        ),
      )
    })
}
