import { expect, test } from 'vitest'
import { npm } from '../npm.ts'

test('nobody is failed for junk, half-open streams, slow readers and many requests at once, and nothing stays behind', async () => {
  const { code, output } = await npm('load', '--', '--short')
  expect([code, output]).toEqual([0, expect.stringContaining('all is as it was')])
  for (const runtime of ['node', 'bun', 'deno'])
    expect(output).toMatch(new RegExp(`^${runtime}, .* datagrams`, 'm'))
}, 300_000)
