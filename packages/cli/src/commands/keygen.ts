import { generateKey, keySizes } from '@swimkit/security'
import type { Command } from 'commander'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'

interface Flags {
  readonly bytes: string
  readonly json?: boolean
}

export function configure(command: Command, io: Io): void {
  command
    .option('--bytes <n>', '16, 24 (not on Deno) or 32', '32')
    .option('--json', 'as JSON')
    .action(({ bytes, json }: Flags) => {
      const size = keySizes.find((each) => String(each) === bytes)
      if (size === undefined) {
        throw new CliError(2, `--bytes: ${JSON.stringify(bytes)} is not allowed: must be 16, 24 or 32`)
      }
      const key = generateKey(size)
      io.out(json ? `${JSON.stringify({ key })}\n` : `${key}\n`)
    })
}
