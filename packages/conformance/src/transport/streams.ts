import type { Connection } from '@swimkit/core'
import { inside, joined, pattern, utf8 } from '../case/bytes.ts'
import type { Case } from '../case/case.ts'
import { check, checkSame, mustNotThrow } from '../case/check.ts'
import { pause, type Scope, scoped } from '../case/scope.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { checkDialError, Station } from './station.ts'

const mebibyte = 1 << 20

/** What is written at most to one that does not read, in bytes: more than both ends and a kernel hold. */
const mostUnread = 64 * mebibyte
/** A write that takes so long, in ms, is taken to wait for its reader; if it was only slow, less is written before the reading. */
const stalled = 50

/** Bytes on a connection. */
export function streamCases(setup: Setup): Case[] {
  const add = (name: string, body: (scope: Scope) => Promise<void>): Case =>
    scoped(name, setup.patience, body)
  return [
    add(
      'a request and its reply travel on one connection, and each end is told of the other end',
      async (scope) => {
        const [near, far] = await connected(scope, setup)
        await write(scope, near, utf8('request'))
        near.end()
        checkSame(await readAll(scope, far), utf8('request'), contract.bytes, 'the request')
        far.settle()
        await write(scope, far, utf8('reply'))
        far.end()
        checkSame(await readAll(scope, near), utf8('reply'), contract.bytes, 'the reply, after its own end')
        for (const { remote } of [near, far]) {
          const isAddress = typeof remote?.host === 'string' && Number.isInteger(remote.port)
          check(isAddress, contract.remote, () => `remote is ${show(remote)}`)
        }
      },
    ),

    add('a mebibyte and its echo arrive whole and in order', async (scope) => {
      const [near, far] = await connected(scope, setup)
      const sent = pattern(mebibyte)
      const echoing = settled(echo(far))
      const reading = settled(readAll(scope, near))
      for (let at = 0; at < sent.length; at += 9_973) await write(scope, near, sent.slice(at, at + 9_973))
      near.end()
      const received = await reading
      checkSame(received, sent, contract.bytes, 'the echo')
      await scope.wait(echoing, 'the end of the echo', contract.end)
    }),

    add('one chunk of four mebibytes is written whole', async (scope) => {
      const [near, far] = await connected(scope, setup)
      const reading = settled(readAll(scope, far))
      await write(scope, near, pattern(4 * mebibyte))
      near.end()
      checkSame(await reading, pattern(4 * mebibyte), contract.write, 'what was read')
    }),

    add('a view into a larger buffer is written without what is around it', async (scope) => {
      const [near, far] = await connected(scope, setup)
      await write(scope, near, inside(pattern(500)))
      near.end()
      checkSame(await readAll(scope, far), pattern(500), contract.written, 'what was read')
    }),

    add('ten connections at once do not mix', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const nears: Connection[] = []
      for (let i = 0; i < 10; i++) {
        const [near, far] = await connect(scope, a, b)
        nears.push(near)
        settled(echo(far))
      }
      const readings = nears.map((near) => settled(readAll(scope, near)))
      const contents = nears.map((_, i) => pattern(10_000, i + 1))
      for (let at = 0; at < 10_000; at += 1_000) {
        for (const [i, near] of nears.entries()) await write(scope, near, contents[i]!.slice(at, at + 1_000))
      }
      for (const near of nears) near.end()
      for (const [i, reading] of readings.entries()) {
        checkSame(await reading, contents[i], contract.bytes, `the echo on connection ${i}`)
      }
    }),

    add('who writes to one that does not read has to wait, and loses nothing', (scope) =>
      unread(scope, setup),
    ),

    add('end and destroy are harmless when called again, and after one another', async (scope) => {
      const [near, far] = await connected(scope, setup)
      const act = (what: 'end' | 'destroy', connection: Connection): void =>
        mustNotThrow(() => connection[what](), contract[what], `${what}() once more`)
      for (const connection of [near, far]) {
        for (const what of ['end', 'end', 'destroy', 'destroy', 'end'] as const) act(what, connection)
      }
    }),

    add('after its own end nothing more can be written, and that is a DialError', async (scope) => {
      const [near] = await connected(scope, setup)
      near.end()
      const error = await scope.rejection(near.write(utf8('more')), 'a write after end', contract.write)
      checkDialError(error, contract.write, 'a write after end')
    }),

    add('a read that waits is settled when its connection is destroyed, at either end', async (scope) => {
      for (const destroyed of ['near', 'far'] as const) {
        const [near, far] = await connected(scope, setup)
        const reads = [settled(near.read()), settled(far.read())]
        ;(destroyed === 'near' ? near : far).destroy()
        for (const [i, read] of reads.entries()) {
          const what = `the read of the ${['near', 'far'][i]} end, as the ${destroyed} one was destroyed`
          await checkOver(scope, read, what)
        }
      }
    }),

    add('who goes on writing to one that is gone is told by a DialError', async (scope) => {
      const [near, far] = await connected(scope, setup)
      await write(scope, near, utf8('unread'))
      far.destroy()
      for (;;) {
        // The first few may be on their way before the news is.
        const what = 'writing to one that is gone'
        const error = await scope.wait(
          near.write(pattern(1_000)).catch((reason) => reason ?? null),
          what,
          contract.write,
        )
        if (error !== undefined) return checkDialError(error, contract.write, what)
        await scope.wait(pause(1), what, contract.write)
      }
    }),

    add('close ends the connections at both ends, whatever waits on them', async (scope) => {
      const server = await Station.open(scope, setup)
      const client = await Station.open(scope, setup)
      const [near, far] = await connect(scope, client, server)
      const reads = [settled(near.read()), settled(far.read())]
      await server.close()
      await checkOver(scope, reads[1]!, 'a read of the transport that was closed')
      await checkOver(scope, reads[0]!, 'a read of its other end')
      await Station.open(scope, setup, { at: server.address })
    }),
  ]
}

async function unread(scope: Scope, setup: Setup): Promise<void> {
  const [near, far] = await connected(scope, setup)
  const size = mebibyte / 4
  const numberOf = (place: number): number => Math.floor(place / size) & 255
  let written = 0
  for (let waits = false; !waits; written += size) {
    check(
      written < mostUnread,
      contract.write,
      () => `${written} bytes were taken with nobody reading, and write still resolves at once`,
    )
    const writing = settled(near.write(new Uint8Array(size).fill(numberOf(written))))
    const outcome = await scope.wait(
      Promise.race([writing.then(() => 'written' as const), pause(stalled).then(() => 'waits' as const)]),
      'a write',
      contract.write,
    )
    waits = outcome === 'waits'
  }
  const reading = settled(
    (async (): Promise<number> => {
      let read = 0
      for (let chunk = await far.read(); chunk !== undefined; chunk = await far.read()) {
        for (const at of [0, chunk.length - 1]) {
          const what = `byte ${read + at} of the stream`
          checkSame(chunk[at], numberOf(read + at), contract.bytes, what)
        }
        read += chunk.length
      }
      return read
    })(),
  )
  near.end()
  const read = await scope.wait(reading, 'all that was written', contract.end)
  checkSame(read, written, contract.end, 'bytes that were read')
}

/** A connection between two new transports, and its other end. */
async function connected(scope: Scope, setup: Setup): Promise<[near: Connection, far: Connection]> {
  const [a, b] = await Station.pair(scope, setup)
  return connect(scope, a, b)
}

/** A connection, and its other end. Who dials speaks first: a transport may wait for that before it hands it over. */
export async function connect(
  scope: Scope,
  a: Station,
  b: Station,
): Promise<[near: Connection, far: Connection]> {
  const before = b.connections.length
  const near = await a.dial(b.address)
  await write(scope, near, hello)
  const far = await b.accepted(before + 1)
  checkSame(await scope.wait(far.read(), 'the first chunk', contract.read), hello, contract.bytes, 'it')
  return [near, far]
}

const hello = utf8('!')

export function write(scope: Scope, connection: Connection, chunk: Uint8Array): Promise<void> {
  return scope.wait(connection.write(chunk), `a write of ${chunk.length} bytes`, contract.write)
}

/** Everything until the other end's end. */
export async function readAll(scope: Scope, connection: Connection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await scope.wait(connection.read(), 'the next chunk, or the end', contract.read)
    if (chunk === undefined) return joined(chunks)
    chunks.push(chunk)
  }
}

async function echo(connection: Connection): Promise<void> {
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
    await connection.write(chunk)
  }
  connection.end()
}

/** The connection is over: its read brought the end of the stream, or was rejected with a DialError. */
async function checkOver(scope: Scope, read: Promise<Uint8Array | undefined>, what: string): Promise<void> {
  const outcome = await scope.wait(
    read.then(
      (chunk) => ({ chunk }),
      (error: unknown) => ({ error }),
    ),
    what,
    contract.destroy,
  )
  if ('error' in outcome) checkDialError(outcome.error, contract.read, what)
  else checkSame(outcome.chunk, undefined, contract.read, what)
}

/** A promise that is awaited later: should it reject before, that is not unhandled. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
