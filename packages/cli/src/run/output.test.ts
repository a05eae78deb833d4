import { expect, it } from 'vitest'
import { inOrder, Output, type Write } from './output.ts'

const ignore = () => undefined
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('counts what waits, and is flushed once the last of it is gone', async () => {
  const gone: (() => void)[] = []
  const output = new Output((_, done) => gone.push(() => done()), ignore)
  await output.flushed()
  output.write('four')
  output.write('seven c')
  expect(output.waiting).toBe(11)
  let flushed = 0
  for (let i = 0; i < 2; i++) void output.flushed().then(() => flushed++)
  gone[0]!()
  await turn()
  expect([output.waiting, flushed]).toEqual([7, 0])
  gone[1]!()
  await turn()
  expect([output.waiting, flushed]).toEqual([0, 2])
})

it('writes one text after the other, each of them whole, where a writer takes less than it is given', async () => {
  let taken = ''
  const output = new Output(
    inOrder({
      write: async (bytes) => {
        await turn()
        taken += new TextDecoder().decode(bytes.subarray(0, 3))
        return Math.min(3, bytes.length)
      },
    }),
    ignore,
  )
  output.write('the first, ')
  output.write('')
  output.write('the second')
  await output.flushed()
  expect([taken, output.waiting]).toEqual(['the first, the second', 0])
})

it.each<[how: string, Write]>([
  ['calls back with why', (_, done) => setImmediate(done, new Error('broken pipe'))],
  [
    'throws',
    () => {
      throw new Error('broken pipe')
    },
  ],
  [
    'rejects',
    inOrder({
      write: async () => {
        throw new Error('broken pipe')
      },
    }),
  ],
])('tells of each text that is lost, and waits for none of them, where a writer %s', async (_, write) => {
  const errors: string[] = []
  const output = new Output(write, ({ message }) => errors.push(message))
  output.write('lost')
  output.write('lost as well')
  await output.flushed()
  expect([errors, output.waiting]).toEqual([['broken pipe', 'broken pipe'], 0])
})
