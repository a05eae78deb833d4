import { BindError, definePlugin, sameAddress } from '@swimkit/core'
import type { Case } from '../case/case.ts'
import { check, checkSame, mustNotThrow } from '../case/check.ts'
import { type Scope, scoped } from '../case/scope.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { deserted, Station } from './station.ts'

/** Opening and closing: the same for whatever is carried. */
export function lifecycleCases(setup: Setup): Case[] {
  const { bind, make, patience } = setup
  const add = (name: string, body: (scope: Scope) => Promise<void>): Case => scoped(name, patience, body)
  const cases = [
    add('it is a plugin of this contract, and carries packets or streams', async () => {
      const transport = mustNotThrow(
        () => definePlugin('transport', make()),
        contract.api,
        'checking the plugin',
      )
      const { maxPacketBytes, streams } = transport
      check(
        Number.isInteger(maxPacketBytes) && maxPacketBytes >= 0,
        contract.maxPacketBytes,
        () => `maxPacketBytes is ${show(maxPacketBytes)}`,
      )
      check(
        streams === true || (streams === false && maxPacketBytes > 0),
        contract.streams,
        () => `streams is ${show(streams)}, and maxPacketBytes ${maxPacketBytes}`,
      )
    }),

    add('open gives the address that it bound, another one to each that asked for any', async (scope) => {
      const asked = bind()
      const first = await Station.open(scope, setup, { at: asked })
      const second = await Station.open(scope, setup)
      for (const { address } of [first, second]) {
        check(
          typeof address?.host === 'string' && Number.isInteger(address.port) && address.port > 0,
          contract.bind,
          () => `open resolved with ${show(address)}`,
        )
      }
      if (asked.port !== 0) checkSame(first.address.port, asked.port, contract.bind, 'the port')
      check(
        !sameAddress(first.address, second.address),
        contract.bind,
        () => `two transports got ${show(first.address)}`,
      )
    }),

    add('close frees the address, and the same transport may be opened there again', async (scope) => {
      const first = await Station.open(scope, setup)
      const at = first.address
      await first.close()
      const second = await Station.open(scope, setup, { at })
      checkSame(second.address, at, contract.close, 'the address of the next transport there')
      await second.close()
      const again = await Station.open(scope, setup, { at, transport: first.transport })
      checkSame(again.address, at, contract.again, 'the address after it was opened again')
    }),

    add('close is harmless when called again, when called twice at once, and before open', async (scope) => {
      const never = make()
      await scope.wait(never.close(), 'close before open', contract.close)
      const station = await Station.open(scope, setup)
      await scope.wait(
        Promise.all([station.close(), station.transport.close()]),
        'close, called twice at once',
        contract.close,
      )
      await scope.wait(station.transport.close(), 'close after close', contract.close)
    }),

    add('one that is closed while it opens leaves nothing open', async (scope) => {
      const address = await deserted(scope, setup)
      const transport = make()
      const opening = transport.open(address, handlersThatDoNothing)
      await scope.wait(
        Promise.allSettled([opening, transport.close()]),
        'open and close, called at once',
        contract.close,
      )
      // Whichever of them came first: now it is closed.
      await scope.wait(transport.close(), 'close', contract.close)
      await Station.open(scope, setup, { at: address })
    }),

    add('counters are numbers, before open, while open and after close', async (scope) => {
      const transport = make()
      const look = (when: string): void => {
        const stats = mustNotThrow(() => transport.stats(), contract.stats, `stats() ${when}`)
        const wrong = Object.entries(stats).find(([, value]) => !Number.isFinite(value))
        check(wrong === undefined, contract.stats, () => `${when}, ${wrong?.[0]} is ${show(wrong?.[1])}`)
      }
      look('before open')
      const station = await Station.open(scope, setup, { transport })
      look('while open')
      await station.close()
      look('after close')
    }),
  ]
  if (setup.exclusive)
    cases.push(
      add('an address that is taken is refused as in use, and nothing of it is kept', (scope) =>
        taken(scope, setup),
      ),
    )
  return cases
}

async function taken(scope: Scope, setup: Setup): Promise<void> {
  const first = await Station.open(scope, setup)
  const transport = setup.make()
  const what = `opening a second transport at ${show(first.address)}`
  const opening = transport.open(first.address, handlersThatDoNothing)
  const error = await scope.rejection(opening, what, contract.bindError)
  check(
    error instanceof BindError,
    contract.bindError,
    () => `${what} was rejected with ${show(error)}, which is no BindError`,
  )
  checkSame(error.code, 'in-use', contract.bindError, 'the code')
  await first.close()
  // The one that was refused is as good as new.
  await scope.wait(transport.close(), 'close', contract.close)
  await Station.open(scope, setup, { at: first.address, transport })
}

const handlersThatDoNothing = {
  packet: () => undefined,
  connection: () => undefined,
  fault: () => undefined,
}
