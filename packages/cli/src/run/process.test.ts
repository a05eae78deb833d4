import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { allOf } from './process.ts'

it('takes 65,536 bytes of standard input, and no more', async () => {
  const input = (size: number) => Readable.from([Buffer.alloc(65_536, 'a'), Buffer.alloc(size - 65_536, 'b')])
  expect(await allOf(input(65_536))).toHaveLength(65_536)
  await expect(allOf(input(65_537))).rejects.toThrow('standard input is more than 65536 bytes')
})
