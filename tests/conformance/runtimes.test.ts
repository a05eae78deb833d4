import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runtimes } from '../transports/runtimes.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url))

/** How each runtime's own runner is started; all of them take a file as an author of a plugin would write it. */
const runners: Readonly<Record<string, readonly string[]>> = {
  node: ['--test', '--test-reporter=tap'],
  bun: ['test', '--timeout', '60000'],
  deno: ['test', '-A', '--quiet', '--no-check'],
}
const runs = runtimes.flatMap(({ command, name }) =>
  ['transports', 'detectors', 'codecs', 'disseminators'].map((kind) => ({ runtime: name, command, kind })),
)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-conformance-'))
  await cp(fixtures, folder, { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  // Deno imports only what is declared.
  const names = ['conformance', 'core', 'detector-pingack', 'transport-tcp', 'transport-udp']
  const dependencies = Object.fromEntries(names.map((name) => [`@swimkit/${name}`, '0.x']))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Tests that passed, and whether any failed, as the runner says. */
function counts(runtime: string, output: string): { passed: number; failed: number } {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN)
  switch (runtime) {
    case 'node':
      return { passed: number(/^# pass (\d+)/m), failed: number(/^# fail (\d+)/m) }
    case 'bun':
      return { passed: number(/^\s*(\d+) pass/m), failed: number(/^\s*(\d+) fail/m) }
    default:
      return { passed: number(/(\d+) passed/), failed: number(/(\d+) failed/) }
  }
}

async function runFile(runtime: string, command: string, file: string) {
  const options = { cwd: folder, timeout: 140_000, env: { ...process.env, NO_COLOR: '1' } }
  const result = await promisify(execFile)(
    command,
    [...runners[runtime]!, join(folder, file)],
    options,
  ).catch((error: { stdout: string; stderr: string }) => error)
  // bun reports on stderr.
  const output = `${result.stdout}\n${result.stderr}`
  return { ...counts(runtime, output), output }
}

describe.each(runs)('$kind of this repository, under $runtime', ({ command, kind, runtime }) => {
  test('pass all cases', async () => {
    const { failed, output, passed } = await runFile(runtime, command, `${kind}.test.mjs`)
    expect(failed, output.slice(-4_000)).toBe(0)
    expect(passed).toBeGreaterThan(10)
  })
})

describe.each(runtimes)(
  "a detector that does not do its work, under $name's own runner",
  ({ command, name }) => {
    test('fails cases', async () => {
      const { failed } = await runFile(name, command, 'idle-detector.test.mjs')
      expect(failed).toBeGreaterThan(0)
    })
  },
)
