import { generateKey } from '@swimkit/security'
import { expect, it } from 'vitest'
import { runCli } from '../cli.ts'
import { fakeIo } from '../testing/fake-io.ts'

const key = generateKey()
/** That a node without a key is open to whoever can send to it. */
const warning = 'nothing is sealed: whoever can send to this address takes part'

it.each([
  ['of all addresses, without a key, warns', '0.0.0.0', {}, true],
  ['of all addresses, with a key, does not', '0.0.0.0', { SWIM_KEY: key }, false],
  ['of this machine alone does not', '127.0.0.1', {}, false],
] as const)('a node %s', async (_, bind, env, warns) => {
  const io = fakeIo(env)
  const running = runCli(['start', '--name', 'a', '--bind', bind, '--port', '0', '--control-port', '0'], io)
  // It searches for seeds after everything else.
  await expect.poll(() => io.stderr(), { timeout: 30_000 }).toContain('no seeds')
  io.interrupt()
  expect(await running).toBe(0)
  expect(io.stderr().includes(warning)).toBe(warns)
})
