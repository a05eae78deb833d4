import { pattern, utf8 } from '../case/bytes.ts'
import type { Case } from '../case/case.ts'
import { check, checkSame } from '../case/check.ts'
import { type Scope, scoped } from '../case/scope.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { checkDialError, deserted, Station } from './station.ts'
import { connect, readAll, write } from './streams.ts'

const kinds: readonly string[] = ['refused', 'reset', 'timeout', 'unreachable']
const never = (): AbortSignal => new AbortController().signal

/** Dialling, and how it fails: what a detector takes for evidence. */
export function diallingCases(setup: Setup): Case[] {
  const add = (name: string, body: (scope: Scope) => Promise<void>): Case =>
    scoped(name, setup.patience, body)
  return [
    add('a dial where nobody is rejects with a DialError of a known kind', async (scope) => {
      const nowhere = await deserted(scope, setup)
      const client = await Station.open(scope, setup)
      const what = 'a dial where nobody is'
      const error = await scope.rejection(client.transport.dial(nowhere, never()), what, contract.dial)
      checkDialError(error, contract.dial, what)
      check(kinds.includes(error.kind), contract.dial, () => `its kind is ${show(error.kind)}`)
      client.checkWell()
    }),

    add('an address that can have nobody is no refusal, and the next dial comes through', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      for (const address of setup.badAddresses) {
        const what = `a dial to ${show(address)}`
        const error = await scope.rejection(a.transport.dial(address, never()), what, contract.dial)
        checkDialError(error, contract.dial, what)
        check(error.kind !== 'refused', contract.refused, () => `${what} was refused, by nobody`)
      }
      await connect(scope, a, b)
      a.checkWell()
    }),

    add('a dial whose signal is aborted already rejects with its reason', async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const abort = new AbortController()
      abort.abort(new Error('called off before'))
      const dialling = a.transport.dial(b.address, abort.signal)
      const error = await scope.rejection(dialling, 'a dial that was called off before', contract.dial)
      check(error === abort.signal.reason, contract.dial, () => `it was rejected with ${show(error)}`)
    }),

    add(
      'a dial that is called off under way rejects with the reason, and the next comes through',
      async (scope) => {
        const [a, b] = await Station.pair(scope, setup)
        const abort = new AbortController()
        const dialling = a.transport.dial(b.address, abort.signal).then(
          (connection) => connection.destroy(),
          (error: unknown) => error,
        )
        abort.abort(new Error('called off'))
        // A transport that had connected by then may resolve.
        const error = await scope.wait(dialling, 'a dial that was called off', contract.dial)
        check(
          error === undefined || error === abort.signal.reason,
          contract.dial,
          () => `it was rejected with ${show(error)}`,
        )
        await write(scope, await a.dial(b.address), utf8('here'))
      },
    ),

    add('before open and after close a dial rejects with a DialError', async (scope) => {
      const server = await Station.open(scope, setup)
      const transport = setup.make()
      const refused = async (what: string): Promise<void> => {
        const error = await scope.rejection(transport.dial(server.address, never()), what, contract.dial)
        checkDialError(error, contract.dial, what)
      }
      await refused('a dial before open')
      const client = await Station.open(scope, setup, { transport })
      ;(await client.dial(server.address)).destroy()
      await client.close()
      await refused('a dial after close')
    }),
  ]
}

/** What holds for a transport that carries no streams. */
export function noStreamCases(setup: Setup): Case[] {
  return [
    scoped('it carries no streams: a dial rejects with a DialError', setup.patience, async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const error = await scope.rejection(a.transport.dial(b.address, never()), 'a dial', contract.streams)
      checkDialError(error, contract.dial, 'a dial')
      checkSame(b.connections.length, 0, contract.streams, 'connections that came in')
    }),
  ]
}

/** What holds for a transport that carries both: a member has one address. */
export function bothCases(setup: Setup): Case[] {
  return [
    scoped('packets and streams reach one address', setup.patience, async (scope) => {
      const [a, b] = await Station.pair(scope, setup)
      const packet = pattern(Math.min(32, setup.maxPacketBytes))
      await a.tell(b, packet)
      const near = await a.dial(b.address)
      await write(scope, near, utf8('stream'))
      near.end()
      checkSame(await readAll(scope, await b.accepted()), utf8('stream'), contract.bind, 'the stream')
      checkSame(b.connections.length, 1, contract.bind, 'connections, as one was dialled')
      a.checkWell()
    }),
  ]
}
