import { expect, test } from 'vitest'
import { agree, eventually, runtimes, start, swim } from './swim-process.ts'

test('a broadcast reaches, and a query is answered by, nodes on Node, Bun and Deno', async () => {
  const first = await start(['--name', 'node', '--port', '0', '--answer', 'version=on node'], 'node')
  const rest = await Promise.all(
    runtimes
      .filter((runtime) => runtime !== 'node')
      .map((runtime) =>
        start(
          [
            '--name',
            runtime,
            '--port',
            '0',
            '--answer',
            `version=on ${runtime}`,
            '--seed',
            first.ready.address,
          ],
          runtime,
        ),
      ),
  )
  const all = [first, ...rest]
  await agree(all, Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))

  for (const teller of all) {
    const { name } = teller.ready
    const sent = await swim(['broadcast', `from-${name}`, 'it is done', '--control', teller.ready.control])
    expect([sent.code, sent.stdout]).toEqual([0, `all are told of from-${name}\n`])
  }
  await eventually('all were told once of each', 20_000, async () => {
    const seen = all.map((node) =>
      all.map(({ ready }) => node.stderr().split(`name=from-${ready.name}`).length - 1),
    )
    return { ok: seen.flat().every((times) => times === 1), seen }
  })

  for (const asker of all) {
    const asked = await swim(['query', 'version', '--json', '--control', asker.ready.control])
    const { answers, silent, unfinished } = JSON.parse(asked.stdout) as {
      answers: { member: string; payload: string }[]
      silent: string[]
      unfinished: string[]
    }
    expect([asked.code, silent, unfinished]).toEqual([0, [], []])
    expect(answers.map(({ member, payload }) => `${member}: ${payload}`).toSorted()).toEqual([
      'bun: on bun',
      'deno: on deno',
      'node: on node',
    ])
  }

  const one = await swim(['query', 'version', '--member', 'bun', '--control', first.ready.control])
  expect([one.code, one.stdout]).toEqual([0, 'MEMBER  ANSWER\nbun     on bun\n'])

  // One that stands still is not heard.
  const still = rest[0]!
  still.signal('SIGSTOP')
  const heard = await swim(['query', 'version', '--within', '1s', '--control', first.ready.control])
  still.signal('SIGCONT')
  expect([heard.code, heard.stdout.split('\n').at(-2)]).toEqual([1, `not heard: ${still.ready.name}`])

  const large = await swim(['broadcast', 'large', 'x'.repeat(600), '--control', first.ready.control])
  expect([large.code, large.stderr]).toEqual([
    1,
    expect.stringContaining('refused: a broadcast would take 605 bytes encoded: at most 512 are allowed\n'),
  ])
})
