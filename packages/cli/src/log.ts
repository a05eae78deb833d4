import type { Logger, LogLevel } from '@swimkit/core'
import pc from 'picocolors'
import { printable } from './printable.ts'

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  readonly colour: boolean
  write(line: string): void
  /** Characters of what was written that are not gone yet. */
  waiting(): number
  /** Wall clock, milliseconds since 1970. */
  now(): number
}

/** How long a line about one peer is not repeated, milliseconds. */
const quiet = 10_000
/** Lines that are remembered for that; beyond it the oldest is forgotten, and may come again. */
const remembered = 1_024
/** Characters that may wait for who reads the log. Beyond it lines are left out until half of that is read. */
const mostWaiting = 1_048_576

/** What tells one line's subject from another's. */
const subjects = ['peer', 'member', 'seed', 'name', 'address', 'from', 'ring']

function subjectOf(fields: Readonly<Record<string, unknown>> | undefined): string {
  for (const key of subjects) {
    const value = fields?.[key]
    if (value !== undefined) return `${key}=${String(value)}`
  }
  return ''
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return value.message
  if (typeof value === 'bigint') return value.toString()
  return value
}

function fieldText(value: unknown): string {
  const text =
    typeof value === 'string' ? value : (JSON.stringify(value, (_, v) => plain(v)) ?? String(value))
  return printable(/[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text)
}

/**
 * Writes lines as text or JSON. The same message about the same peer comes at most once in 10 s: what was held back in
 * between is counted on the next one, so that one dead seed or one noisy peer cannot fill a disk. Nor does a reader that stands still fill the memory:
 * what it has no room for is left out, and said how much.
 */
export function createLogger({ level, format, colour, write, waiting, now }: LoggerOptions): Logger {
  const { dim, red, yellow, cyan } = pc.createColors(colour)
  const paint: Readonly<Record<LogLevel, (text: string) => string>> = {
    debug: dim,
    info: cyan,
    warn: yellow,
    error: red,
  }
  const seen = new Map<string, { until: number; held: number }>()

  /** How many of these were held back since the last that came through; undefined: hold this one back too. */
  function admit(key: string, at: number): number | undefined {
    const entry = seen.get(key)
    if (entry && at < entry.until) {
      entry.held++
      return undefined
    }
    seen.delete(key)
    if (seen.size >= remembered) seen.delete(seen.keys().next().value!)
    seen.set(key, { until: at + quiet, held: 0 })
    return entry?.held ?? 0
  }

  let leftOut = 0

  /** Whether there is room for a line. Once there is again, one says how many there was none for. */
  function hasRoom(at: number): boolean {
    if (waiting() >= (leftOut === 0 ? mostWaiting : mostWaiting / 2)) {
      leftOut++
      return false
    }
    const lines = leftOut
    leftOut = 0
    if (lines > 0) put('warn', 'lines were left out, as nobody read them', { lines }, at)
    return true
  }

  function put(of: LogLevel, message: string, fields: Readonly<Record<string, unknown>>, at: number): void {
    const time = new Date(at).toISOString()
    if (format === 'json') {
      write(`${JSON.stringify({ time, level: of, message, ...fields }, (_, v) => plain(v))}\n`)
      return
    }
    const pairs = Object.entries(fields).map(([key, v]) => ` ${dim(`${key}=`)}${fieldText(plain(v))}`)
    write(`${dim(time)} ${paint[of](of.padEnd(5))} ${printable(message)}${pairs.join('')}\n`)
  }

  const enabled = (of: LogLevel): boolean => severity[of] >= severity[level]
  return {
    enabled,
    log(of, message, fields) {
      if (!enabled(of)) return
      const at = now()
      const held = of === 'debug' ? 0 : admit(`${message} ${subjectOf(fields)}`, at)
      if (held === undefined || !hasRoom(at)) return
      put(of, message, held > 0 ? { ...fields, repeated: held } : (fields ?? {}), at)
    },
  }
}
