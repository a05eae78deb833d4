/**
 * What the command costs before it does anything: `swim-cli --version`, and the time until `start` is ready, each as a ratio to
 * `node -e 0`, alternately in one run. Medians of 15.
 *
 *   npm run build && node bench/startup.mjs
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../packages/cli/bin/swim-cli.js', import.meta.url))
const bin = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url))
const serve = ['start', '--bind', '127.0.0.1', '--port', '0', '--log-level', 'error']

const cases = {
  'node -e 0': [process.execPath, ['-e', '0']],
  'swim-cli --version': [process.execPath, [launcher, '--version']],
  'ready on Node': [process.execPath, [launcher, ...serve], /^ready /m],
  'ready on Bun': [bin('bun'), [launcher, ...serve], /^ready /m],
  'ready on Deno': [bin('deno'), ['run', '-A', launcher, ...serve], /^ready /m],
}

async function time([program, args, until]) {
  const begin = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  if (until !== undefined) {
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (until.test(text)) break
    }
    const took = performance.now() - begin
    child.kill('SIGKILL')
    await ended
    return took
  }
  child.stdout.resume()
  await ended
  return performance.now() - begin
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
for (let round = 0; round < 15; round++) {
  for (const [name, command] of Object.entries(cases)) times[name].push(await time(command))
}
const base = median(times['node -e 0'])
for (const [name, values] of Object.entries(times)) {
  const ms = median(values)
  console.log(`${name.padEnd(20)} ${ms.toFixed(0).padStart(5)} ms  ${(ms / base).toFixed(2)} ×`)
}
