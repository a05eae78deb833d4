import type { Command } from 'commander'
import type { Io } from '../io.ts'

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  command
    .description('Five nodes in this process: they find each other, one crashes, one leaves, one comes back.')
    .option('--json', 'print what happens as JSON, one object per line')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { runDemo } = await import('../run/demo.ts')
      exit(await runDemo(io, json === true))
    })
}
