import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

const require = createRequire(import.meta.url)

export interface Runtime {
  readonly name: 'node' | 'bun' | 'deno'
  readonly command: string
  /** Before the script's path. */
  readonly args: readonly string[]
}

/** The runtimes to test on, by their own binaries: a wrapper between would be what a timeout ends. */
export const runtimes: readonly Runtime[] = [
  { name: 'node', command: process.execPath, args: [] },
  { name: 'bun', command: join(packageFolder('bun'), 'bin', 'bun.exe'), args: ['run'] },
  { name: 'deno', command: join(packageFolder('deno'), 'deno'), args: ['run', '-A', '--quiet'] },
]

function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`))
}
