import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs `npm run -s` with these in the project's folder. With the test all that it started ends, also where the test is out of time. */
export function npm(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  // A group of its own: to end npm alone would leave behind what it runs.
  const child = spawn('npm', ['run', '-s', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  onTestFinished(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // None of it is left, or it was never there.
    }
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    // Not 'exit': what it wrote may come later.
    child.on('close', (code) => resolve({ code, output }))
  })
}
