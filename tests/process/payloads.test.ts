import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import { agree, eventually, runtimes, type SwimProcess, start, swim } from './swim-process.ts'

interface Carrying {
  readonly payload?: string
  readonly payloadBase64?: string
  readonly payloadBytes?: number
  readonly payloadHash?: string
}

/** Hash of the payload of a member, as a node has it; undefined while it has not come there. */
async function hashAt(node: SwimProcess, name: string): Promise<string | undefined> {
  const { payload, payloadBase64 } = await node.get<Carrying>(`/v1/members/${name}`)
  if (payloadBase64 !== undefined) return hashOf(Buffer.from(payloadBase64, 'base64'))
  return payload === undefined ? undefined : hashOf(Buffer.from(payload))
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** Bytes that are no text, and differ by who has them. */
const bytesOf = (size: number, salt: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 167 + salt * 31 + (i >> 8)) & 255))

test('a payload of 64 KiB of each is seen by all, on Node, Bun and Deno', async () => {
  const payloads = runtimes.map((_, i) => bytesOf(65_536, i))
  const files = await Promise.all(
    payloads.map(async (bytes, i) => {
      const path = join(tmpdir(), `swimkit-payload-${process.pid}-${i}`)
      await writeFile(path, bytes)
      return path
    }),
  )
  const bunPort = String(await freePort())
  // Two carry it from the start, one is given it later.
  const first = await start(['--name', 'node', '--port', '0', '--payload-file', files[0]!], 'node')
  const rest = await Promise.all(
    (['bun', 'deno'] as const).map((runtime, i) =>
      start(
        [
          ...['--name', runtime, '--port', i === 0 ? bunPort : '0', '--seed', first.ready.address],
          ...(i === 0 ? ['--payload-file', files[1]!] : []),
        ],
        runtime,
      ),
    ),
  )
  const all = [first, ...rest]
  await agree(all, Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))
  const control = rest[1]!.ready.control
  const set = await swim(['payload', '--file', files[2]!, '--control', control])
  expect([set.code, set.stderr]).toEqual([0, ''])

  const wanted = payloads.map(hashOf)
  const names = ['node', 'bun', 'deno']
  const took = await eventually('all have all', 20_000, async () => {
    const seen = await Promise.all(all.map((node) => Promise.all(names.map((name) => hashAt(node, name)))))
    return { ok: seen.every((hashes) => `${hashes}` === `${wanted}`), seen }
  })
  console.log(`three payloads of 64 KiB were at all three ${took.toFixed(0)} ms after the last was set`)

  // Lists only describe it.
  const { members } = await first.get<{ members: (Carrying & { name: string })[] }>('/v1/members')
  expect(members.map(({ payload, payloadBytes }) => [payload, payloadBytes])).toEqual(
    members.map(() => [undefined, 65_536]),
  )
  expect(members.find(({ name }) => name === 'deno')?.payloadHash).toBe(wanted[2])
  const shown = await swim(['payload', '--of', 'bun', '--json', '--control', control])
  expect(hashOf(Buffer.from((JSON.parse(shown.stdout) as Carrying).payloadBase64!, 'base64'))).toBe(wanted[1])

  // One byte more is refused where it is set, and changes nothing.
  const larger = `${files[0]!}-larger`
  await writeFile(larger, bytesOf(65_537, 9))
  const refused = await swim(['payload', '--file', larger, '--control', control])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/65537 bytes.*at most 65536/)
  expect(await hashAt(first, 'deno')).toBe(wanted[2])

  // A process that starts again without one has none, whatever the others remember.
  rest[0]!.signal('SIGKILL')
  await rest[0]!.exited
  const again = await start(['--name', 'bun', '--port', bunPort, '--seed', first.ready.address], 'bun')
  await eventually('nobody has the old one', 20_000, async () => {
    const seen = await Promise.all(
      [first, rest[1]!, again].map(async (node) => (await node.get<Carrying>('/v1/members/bun')).payload),
    )
    return { ok: seen.every((payload) => payload === ''), seen }
  })
})
