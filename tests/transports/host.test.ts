import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { runtimes } from './runtimes.ts'

const stall = fileURLToPath(new URL('stall.mjs', import.meta.url))

describe.each(runtimes)('the host on $name', ({ name, command, args }) => {
  it.each([1, 100])('after a stall, afterPoll comes after %i waiting packets', async (count) => {
    const { stdout } = await promisify(execFile)(command, [...args, stall, String(count)], {
      timeout: 30_000,
    })
    expect(JSON.parse(stdout)).toEqual({
      runtime: expect.stringMatching(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+`)),
      early: false,
      atWake: expect.any(Number),
      afterPoll: count,
    })
  })
})
