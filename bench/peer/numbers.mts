/** An option of the benchmark that cannot be used as given. */
export class BenchOptionError extends Error {
  override readonly name = 'BenchOptionError'
}

/** A number from the command line, within bounds; `whole` refuses fractions. */
export function readNumber(
  option: string,
  text: string,
  min: number,
  max: number,
  { whole = false }: { whole?: boolean } = {},
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value
  throw new BenchOptionError(
    `${option} is ${JSON.stringify(text)}: must be ${whole ? 'a whole number ' : ''}${min}..${max}`,
  )
}

/** Runs a program of the benchmark, or says how it is used. What was wrong with its options is a line and not a stack. */
export async function runProgram(
  name: string,
  usage: string,
  program: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage)
    return
  }
  try {
    await program(args)
  } catch (error) {
    const misused = error instanceof BenchOptionError || (error as { code?: unknown }).code === parseArgsCode
    console.error(`${name}: ${misused ? (error as Error).message : (error as Error).stack}`)
    process.exitCode = misused ? 2 : 1
  }
}

const parseArgsCode = 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
