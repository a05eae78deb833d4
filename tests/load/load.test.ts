import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('nobody is failed for junk, half-open streams, slow readers and many requests at once, and nothing stays behind', async () => {
  const child = spawn('npm', ['run', '-s', 'load', '--', '--short'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect([code, output]).toEqual([0, expect.stringContaining('all is as it was')])
  for (const runtime of ['node', 'bun', 'deno'])
    expect(output).toMatch(new RegExp(`^${runtime}, .* datagrams`, 'm'))
}, 300_000)
