import process from 'node:process'
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Something in the command line that cannot be used as given. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Runs a command with its options, or says how it is used. What was wrong with the options is a line and exit code 2, and not a stack. The command returns
 * its exit code.
 */
export async function runCommand<const Options extends NonNullable<ParseArgsConfig['options']>>(
  name: string,
  usage: string,
  options: Options,
  command: (values: ReturnType<typeof parseArgs<{ options: Options }>>['values']) => Promise<number>,
): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage)
    return
  }
  try {
    process.exitCode = await command(parseArgs({ args, options }).values)
  } catch (error) {
    const said = misuse(error)
    console.error(`${name}: ${said ?? (error as Error).stack}`)
    process.exitCode = said === undefined ? 1 : 2
  }
}

/** A number from the command line, within bounds; `whole` refuses fractions. */
export function readNumber(
  option: string,
  text: string,
  least: number,
  most: number,
  { whole = false }: { whole?: boolean } = {},
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value
  throw new UsageError(
    `${option} is ${JSON.stringify(text)}: must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`,
  )
}

/** Seeds of all that draws at random. */
export const readSeed = (text: string): number => readNumber('--seed', text, 0, 2 ** 32 - 1, { whole: true })

function misuse(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('ERR_PARSE_ARGS_') !== true) return undefined
  // What follows the first sentence is about positional arguments, of which there are none.
  return `${message.split(/\.\s/)[0]}; see --help`
}
