import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fuzz = (...args: string[]) =>
  promisify(execFile)('npm', ['run', '-s', 'fuzz:inputs', '--', ...args], { cwd: root })

test('no input that looks for new code breaks a decoder or the engine, for as long as there is', async () => {
  // Its seed is the day, which it says first, and a finding says how to see it again.
  const { stdout } = await fuzz('--seconds', '45').catch((error) =>
    expect.fail(error.stdout || String(error)),
  )
  expect(stdout).toMatch(/^seed \d+, 45 s for swim-packet/)
  expect(stdout).toMatch(
    /^engine: \d+ inputs, \d+ a second, \d+ characters of code reached, corpus \d+ and \d+ new$/m,
  )
})

test('an input is tried again by its digits, and a bad one is refused', async () => {
  const { stdout } = await fuzz('--target', 'lan-message', '--replay', 'd801')
  expect(stdout).toContain('this input of 2 bytes breaks nothing')
  await expect(fuzz('--target', 'nothing')).rejects.toMatchObject({ code: 2 })
})
