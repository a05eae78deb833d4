import { fileURLToPath } from 'node:url'

/** How each runtime is started so that garbage can be collected on demand. Bun can without being told. */
export const runtimes = {
  node: { program: process.execPath, flags: ['--expose-gc'] },
  bun: { program: installed('bun'), flags: ['run'] },
  deno: { program: installed('deno'), flags: ['run', '--quiet', '--allow-all', '--v8-flags=--expose-gc'] },
} as const

export type Runtime = keyof typeof runtimes

/** A bundled program of the benchmark, as a command line. */
export function commandFor(runtime: Runtime, bundle: 'swimkit-peer' | 'bare-sockets'): string[] {
  const { flags, program } = runtimes[runtime]
  return [program, ...flags, fileURLToPath(new URL(`${bundle}.mjs`, import.meta.url))]
}

/** Installed with the repository; bundles lie two folders below its root. */
function installed(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url))
}
