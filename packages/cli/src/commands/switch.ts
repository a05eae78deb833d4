import { escapeForPrint } from '@swimkit/core'
import type { Command } from 'commander'
import { type ClientFlags, clientOf, printJson, withClientOptions } from '../client/client-command.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface SwitchFlags extends ClientFlags {
  readonly suspicion?: boolean
}

interface Answer {
  readonly detector: string
  readonly epoch: number
  readonly suspicion: boolean
}

export function configure(command: Command, io: Io): void {
  withClientOptions(command)
    .argument(
      '[detector]',
      'that all members should run, such as pingack or gossip; the present one if left out',
    )
    .option('--suspicion', 'turn the suspicion phase on')
    .option('--no-suspicion', 'turn it off: who does not answer is failed at once')
    .action(async (detector: string | undefined, flags: SwitchFlags) => {
      const { suspicion } = flags
      if (detector === undefined && suspicion === undefined) {
        throw new CliError(2, 'switch: name a detector, or give --suspicion or --no-suspicion')
      }
      const client = await clientOf(flags, io)
      const answer = await client.post<Answer>('/v1/switch', { detector, suspicion })
      if (flags.json) printJson(io, answer)
      else {
        const phase = answer.suspicion ? '' : ', without suspicion'
        io.out(`the cluster runs ${escapeForPrint(answer.detector)}${phase}, as of epoch ${answer.epoch}\n`)
      }
    })
}
