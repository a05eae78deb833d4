import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allRuntimes, succeeded, swim } from './swim-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-simulate-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function scenario(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const small = ['simulate', '--nodes', '40', '--crash', '2', '--duration', '30s', '--loss', '0.02']

describe('swim-cli simulate', () => {
  test('does the same on every runtime, to the last event', async () => {
    const hashes = new Map<string, unknown>()
    for (const runtime of allRuntimes) {
      const { stdout } = succeeded(await swim([...small, '--seed', '7', '--json'], runtime))
      hashes.set(runtime, JSON.parse(stdout).traceHash)
    }
    expect(new Set(hashes.values()).size, JSON.stringify([...hashes])).toBe(1)
    const other = await swim([...small, '--seed', '8', '--json'])
    expect([...hashes.values()]).not.toContain(JSON.parse(other.stdout).traceHash)
  })

  test('prints one object with what the contract names, and finds both crashes', async () => {
    const { stdout } = succeeded(await swim([...small, '--json']))
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      traceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      seed: 1,
      nodes: 40,
      falsePositives: 0,
      detection: {
        first: expect.any(Number),
        p50: expect.any(Number),
        p99: expect.any(Number),
        last: expect.any(Number),
      },
      dissemination: { p50: expect.any(Number), p99: expect.any(Number) },
      messagesPerNodePerSecond: expect.any(Number),
      bytesPerNodePerSecond: expect.any(Number),
      virtualSeconds: 30,
      wallSeconds: expect.any(Number),
    })
    // Nobody is failed before packets had their time twice over: in a look, and in those of the witnesses.
    expect(report.detection.first).toBeGreaterThan(0.2)
    expect(report.detection.last).toBeLessThan(20)
    expect(stdout.length).toBeLessThan(1_000_000)
  })

  test('writes a report that needs nothing else', async () => {
    const path = join(folder, 'report.html')
    succeeded(await swim([...small, '--report', path]))
    const page = await readFile(path, 'utf8')
    expect(page).toMatch(/^<!doctype html>/i)
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4)
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(page).not.toMatch(/<script/i)
  })

  test('a scenario whose assertion fails exits with 1, and says how to see it again', async () => {
    const path = await scenario(
      'wrong.yaml',
      `nodes: 5
steps:
  - { at: 5s, do: crash, node: n3, silent: true }
  - { at: 6s, expect: status, node: n3, is: failed }
`,
    )
    const { code, stderr } = await swim(['simulate', '--scenario', path, '--seed', '3'])
    expect(code).toBe(1)
    expect(stderr).toContain('expect status')
    expect(stderr).toContain('--seed 3')
    expect(stderr).toMatch(/crash node: n3/)
    expect(stderr).toMatch(/packet of \d+ bytes/)
  })

  test('a scenario that holds is checked against the invariants as well, and exits with 0', async () => {
    const path = await scenario(
      'holds.json',
      JSON.stringify({
        nodes: 6,
        network: { loss: 0.02 },
        steps: [
          { at: '2s', do: 'crash', node: 'n3' },
          { at: '3s', do: 'pause', node: 'n4', for: '2s' },
          { at: '20s', expect: 'status', node: 'n3', is: 'failed', within: '60s' },
          { at: '20s', expect: 'status', node: 'n4', is: 'alive', within: '60s' },
        ],
      }),
    )
    const { code, stderr } = await swim(['simulate', '--scenario', path, '--json'])
    expect([code, stderr]).toEqual([0, ''])
  })

  test.each([
    [['--nodes', '0'], '--nodes: "0" is not allowed'],
    [['--loss', '2'], '--loss: "2" is not allowed'],
    [['--latency', 'fast'], '--latency: "fast" is not allowed'],
    [['--nodes', '3', '--crash', '3'], '--crash: 3 of 3 nodes is not allowed'],
    [['--scenario', '/nowhere/x.yaml'], '--scenario: cannot read'],
    [['--detector', 'nobody-has-this'], 'nobody-has-this'],
  ])('%j is bad input: one line, and exit code 2', async (flags, message) => {
    const { code, stderr, stdout } = await swim(['simulate', ...flags])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('a field of a scenario that is wrong is named with its path', async () => {
    const path = await scenario('typo.yaml', 'nodes: 5\nsteps:\n  - { at: 5s, do: crush, node: n3 }\n')
    const { code, stderr } = await swim(['simulate', '--scenario', path])
    expect(code).toBe(2)
    expect(stderr).toContain('steps[0].do')
  })
})
