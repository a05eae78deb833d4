import { PassThrough, Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { allOf } from './process.ts'

const { signal: never } = new AbortController()

it('takes 65,536 bytes of standard input, and no more', async () => {
  const input = (size: number) => Readable.from([Buffer.alloc(65_536, 'a'), Buffer.alloc(size - 65_536, 'b')])
  expect(await allOf(input(65_536), never)).toHaveLength(65_536)
  await expect(allOf(input(65_537), never)).rejects.toThrow('standard input is more than 65536 bytes')
})

it('counts bytes, not characters, and takes a character that comes in two parts', async () => {
  const bytes = Buffer.from('é'.repeat(32_768))
  const input = (...more: Uint8Array[]) => Readable.from([bytes.subarray(0, 3), bytes.subarray(3), ...more])
  expect(await allOf(input(), never)).toBe('é'.repeat(32_768))
  await expect(allOf(input(Buffer.from('a')), never)).rejects.toThrow('more than 65536 bytes')
})

it('ends at the first interruption, though more may come', async () => {
  const interruption = new AbortController()
  const input = new PassThrough()
  input.write('half of a key')
  const all = allOf(input, interruption.signal)
  interruption.abort('SIGINT')
  await expect(all).rejects.toMatchObject({ exitCode: 1, message: 'interrupted' })
  await expect(allOf(input, interruption.signal)).rejects.toThrow('interrupted')
})
