import { readFile, writeFile } from 'node:fs/promises'
import { BenchOptionError } from '../peer/numbers.mts'

/** Where results are kept that were measured in full. */
export const resultsFolder = 'docs/results'
/** The page that shows them. */
const page = 'docs/performance.md'

/** Puts what was measured into the page, in place of what stands between the markers of that name. */
export async function publish(name: string, text: string): Promise<void> {
  await writeFile(page, between(await readFile(page, 'utf8'), name, text))
}

/** Rejects with a `BenchOptionError` where the page has no place of that name: what takes long to measure asks before. */
export async function requirePlace(name: string): Promise<void> {
  if ((await readFile(page, 'utf8')).includes(markerOf(name))) return
  throw new BenchOptionError(`${page} has no place for ${name}: say by --out where else it goes`)
}

/** The page with another text between `<!-- measured: name -->` and the `<!-- end -->` after it. Throws where there are none. */
export function between(markdown: string, name: string, text: string): string {
  const marker = markerOf(name)
  const start = markdown.indexOf(marker)
  const end = markdown.indexOf('<!-- end -->', start)
  if (start < 0 || end < 0) throw new Error(`${page} has no place for ${name}: ${marker} … <!-- end -->`)
  return `${markdown.slice(0, start)}${marker}\n\n${text.trim()}\n\n${markdown.slice(end)}`
}

const markerOf = (name: string): string => `<!-- measured: ${name} -->`

/** The command that this process was started by. */
export function commandLine(script: string): string {
  const given = process.argv.slice(2)
  return ['npm run', script, ...(given.length > 0 ? ['--', ...given] : [])].join(' ')
}
