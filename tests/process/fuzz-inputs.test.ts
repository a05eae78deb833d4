import { expect, test } from 'vitest'
import { targets } from '../hostile/targets.ts'
import { npm } from '../npm.ts'

const fuzz = (...args: string[]) => npm('fuzz:inputs', '--', ...args)

test('no input that looks for new code breaks a decoder or the engine, for as long as there is', async () => {
  // Its seed is the day, which it says first, and a finding says how to see it again.
  const { code, output } = await fuzz('--seconds', '60')
  expect([code, output]).toEqual([0, expect.stringMatching(/^seed \d+, 60 s for swim-packet/)])
  const some = '[1-9]\\d*'
  for (const { name } of targets) {
    expect(output).toMatch(
      new RegExp(
        `^${name}: ${some} inputs, ${some} a second, ${some} characters of code reached, corpus ${some} and \\d+ new$`,
        'm',
      ),
    )
  }
})

test('an input is tried again by its digits, and a bad one is refused', async () => {
  const { output } = await fuzz('--target', 'lan-message', '--replay', 'd801')
  expect(output).toContain('this input of 2 bytes breaks nothing')
  expect(await fuzz('--target', 'nothing')).toMatchObject({
    code: 2,
    output: expect.stringMatching(/^fuzz:inputs: --target is nothing: must be one of swim-packet,/),
  })
})
