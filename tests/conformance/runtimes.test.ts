import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { codecCases, detectorCases, disseminatorCases, transportCases } from '@swimkit/conformance'
import { jsonCodec, PiggybackQueue, swimCodec } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, test } from 'vitest'
import { runtimes } from '../transports/runtimes.ts'
import { transports } from './fixtures/transports.mjs'

/** The test runner of each runtime. */
const testing = {
  node: ['--test', '--test-reporter=tap'],
  // Its own limit is 5 s a test, which is short where the machine has more to do.
  bun: ['test', '--timeout=60000'],
  deno: ['test', '-A', '--no-check'],
} as const

/** What it says last: how many passed and failed. */
const summaries = {
  node: /# pass (\d+)\n# fail (\d+)/,
  bun: /(\d+) pass\n\s*(\d+) fail/,
  deno: /\| (\d+) passed \| (\d+) failed/,
} as const

const all = [
  ...Object.values(transports).flatMap((make) => transportCases(make)),
  ...codecCases(swimCodec),
  ...codecCases(jsonCodec),
  ...disseminatorCases(() => new PiggybackQueue()),
  ...detectorCases(() => pingAck()),
  ...detectorCases(() => gossip()),
]

describe.concurrent.each(runtimes)('the cases under the test runner of $name', ({ command, name }) => {
  const fixture = (which: string): string =>
    fileURLToPath(new URL(`fixtures/${which}.${name}.test.mjs`, import.meta.url))

  /** Ends by itself only if nothing was left open. Deno's runner fails a test that leaves anything open. */
  const run = (which: string): Promise<{ code: unknown; output: string; passed: number; failed: number }> =>
    new Promise((resolve) => {
      const args = [...testing[name], fixture(which)]
      execFile(command, args, { timeout: 120_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
        // Bun's runner writes to the one, the others to the other.
        const output = stripVTControlCharacters(`${stdout}${stderr}`)
        const [, passed, failed] = summaries[name].exec(output) ?? []
        resolve({ code: error?.code ?? 0, output, passed: Number(passed), failed: Number(failed) })
      })
    })

  test('all first-party plugins pass them all', async () => {
    const { code, failed, output, passed } = await run('plugins')
    expect({ code, passed, failed }, output.slice(-4_000)).toEqual({ code: 0, passed: all.length, failed: 0 })
  })

  test('something that is not what it says fails, and is told by which sentence', async () => {
    const { code, failed, output } = await run('broken')
    expect(code).toBe(1)
    expect(failed).toBeGreaterThan(5)
    expect(output).toContain('Disseminator.backlog: "Updates queued."')
  })

  test('a plugin is tried in less than 15 lines', async () => {
    const lines = (await readFile(fixture('plugins'), 'utf8')).trim().split('\n')
    expect(lines.length).toBeLessThan(15)
  })
})
