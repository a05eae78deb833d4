import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const reason = isRoot ? '' : ' (skipped: network namespaces need Linux and root)'
if (!isRoot) console.warn(`tests/faults is not run${reason}`)

/** The command and the machine decide how long it takes: three minutes of faults, the start of 20 processes, and what time it takes until all agree. */
const limit = 10 * 60_000

test.skipIf(!isRoot)(
  `20 processes on three runtimes keep the rules through three minutes of faults, and end in one membership${reason}`,
  async () => {
    // This seed deals every kind of fault within the time.
    const { code, output } = await run(['run', '-s', 'faults', '--', '--minutes', '3', '--seed', '5'])
    const said = output.split('\n').slice(-60).join('\n')
    expect([code, said]).toEqual([0, expect.stringContaining('no rule was broken')])
    const [, rounds] = /^(\d+) rounds, /m.exec(said) ?? []
    expect(Number(rounds)).toBeGreaterThan(2)
  },
  limit,
)

function run(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve({ code, output }))
  })
}
