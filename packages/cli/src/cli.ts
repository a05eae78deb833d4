import { Command, CommanderError } from 'commander'
import { commands } from './commands/registry.ts'
import { CliError, reasonOf } from './errors.ts'
import type { Io } from './io.ts'
import { printable } from './printable.ts'
import { version } from './version.ts'

/** The command that the arguments name, if they do: the first operand, or what follows `help`. */
function wantedCommand(argv: readonly string[]): string | undefined {
  const operands = argv.filter((arg) => !arg.startsWith('-'))
  return operands[0] === 'help' ? operands[1] : operands[0]
}

/** Runs one command line; resolves with the exit code. Whatever goes wrong is one line on stderr. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const program = new Command('swim-cli')
  let exitCode = 0
  let complaint = ''
  const quiet = (command: Command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => io.out(text),
      // Kept until the end: the parser's complaint may have a second line, and is to be one.
      writeErr: (text) => {
        complaint += text
      },
    })
  quiet(program)
    .description('Group membership and failure detection: run a node, ask it, and watch a cluster.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help for a command')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nTry: swim-cli demo\nEach option of `start` can also come from the environment (SWIM_…) or a file (--config).',
    )

  const wanted = wantedCommand(argv)
  for (const entry of commands) {
    const aliases = entry.aliases ?? []
    const command = quiet(program.command(entry.name))
      .aliases([...aliases])
      .summary(entry.summary)
    if (wanted !== entry.name && !(wanted && aliases.includes(wanted))) continue
    const { configure } = await entry.load()
    configure(command.description(entry.summary), io, (code) => {
      exitCode = code
    })
  }

  try {
    if (argv.length === 0) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      const said = complaint
        .trim()
        .replace(/^error: /, '')
        .replace(/\s*\n\s*/g, ' ')
      io.err(`swim-cli: ${printable(said)}\n`)
      return 2
    }
    io.err(`swim-cli: ${printable(reasonOf(error))}\n`)
    if (io.env.SWIM_DEBUG && error instanceof Error) io.err(`${error.stack}\n`)
    return error instanceof CliError ? error.exitCode : 1
  }
}
