import { definePlugin } from '@swimkit/core'
import { pattern } from '../case/bytes.ts'
import type { Case } from '../case/case.ts'
import { check, checkSame, mustNotThrow } from '../case/check.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import { HostGuard } from './host-guard.ts'
import type { Setup } from './setup.ts'
import { Trial } from './trial.ts'
import { readOnly } from './views.ts'

/** What a detector takes from its node, and what it leaves alone. */
export function mannerCases(setup: Setup): Case[] {
  return [
    {
      name: 'it is a plugin of this contract, by a name of 1 to 32 bytes',
      run: () => {
        const { name } = mustNotThrow(
          () => definePlugin('detector', setup.make()),
          contract.api,
          'checking the plugin',
        )
        const { length } = new TextEncoder().encode(name)
        check(length >= 1 && length <= 32, contract.name, () => `its name has ${length} bytes`)
      },
    },

    {
      name: 'one detector serves many nodes, and those of one group know nothing of those of another',
      run: () => {
        const shared = setup.make()
        const one = new Trial({ ...setup, make: () => shared }, 3)
        const other = new Trial({ ...setup, make: () => shared }, 3, { seed: 2 })
        for (let second = 0; second < 10; second++) for (const trial of [one, other]) trial.run(1_000)
        one.checkFound(one.nodes[2]!, true, 'beside another group with the same detector')
        other.run(60_000)
        other.checkNobodyReported('beside a group in which somebody crashed')
        other.checkFound(other.nodes[2]!, true, 'beside another group with the same detector')
      },
    },

    {
      name: 'it changes no member but by evidence',
      run: () => {
        const trial = new Trial(setup, 4, { members: readOnly })
        trial.run(20_000)
        trial.checkFound(trial.nodes[3]!, true, 'with a view of the members that can only be read')
      },
    },

    {
      name: 'time, chance and timers it takes from its node alone',
      run: () => {
        const guard = new HostGuard()
        const trial = new Trial(setup, 4, { before: () => guard.close(), after: () => guard.open() })
        trial.run(20_000)
        trial.checkFound(trial.nodes[3]!, false, 'without clock, chance and timers of its own')
      },
    },

    {
      name: 'the same seed gives the same run, to the last deed',
      run: () => {
        const run = (): Trial => {
          const trial = new Trial(setup, 5, { seed: 42, network: { loss: 0.05 } })
          trial.run(10_000)
          trial.simulation.crash(trial.nodes[4]!)
          trial.run(40_000)
          return trial
        }
        const [first, second] = [run(), run()]
        checkSame(second.watch.deeds, first.watch.deeds, contract.random, 'the deeds of the second run')
        checkSame(
          second.simulation.trace.hash,
          first.simulation.trace.hash,
          contract.random,
          'the hash of the second run',
        )
      },
    },

    {
      name: 'it looks at others, by helpers that are others still, and for a time',
      run: () => {
        const trial = new Trial(setup, 5, { network: { loss: 0.2 } })
        trial.run(60_000)
        for (const { about, node, options } of trial.done('ping')) {
          const { path, timeout, via } = options
          check(about !== node, contract.detector, () => `${node} pings itself`)
          check(
            (path === 'indirect') === (via !== undefined),
            contract.via,
            () => `${node} asks for ${show(options)} of ${about}`,
          )
          check(
            timeout > 0 && Number.isFinite(timeout),
            contract.timeout,
            () => `${node} pings with timeout ${timeout}`,
          )
        }
        for (const { about, node, options } of trial.done('look')) {
          check(about !== node, contract.detector, () => `${node} looks at itself`)
          check(
            options.timeout > 0 && Number.isFinite(options.timeout),
            contract.timeout,
            () => `${node} looks with timeout ${options.timeout}`,
          )
        }
        const helper = trial.done('ping').find(({ options, ref }) => options.via === ref)
        check(
          helper === undefined,
          contract.via,
          () => `${helper?.node} asks ${helper?.about} to ping itself`,
        )
        const timer = trial.done('arm').find(({ at, now }) => !(at >= now && Number.isFinite(at)))
        check(
          timer === undefined,
          contract.arm,
          () => `${timer?.node} armed a timer for ${timer?.at} at ${timer?.now}`,
        )
      },
    },

    {
      name: 'what anybody sends on its channel harms nobody',
      run: () => {
        const { name } = setup.make()
        const trial = new Trial(setup, 4)
        trial.run(10_000)
        const [a, b] = trial.nodes
        const senders = [
          { name: b!.name, boot: b!.engine.members.record(b!.engine.members.self).boot, incarnation: 1 },
          { name: 'stranger', boot: 1n, incarnation: 1 },
        ]
        for (let i = 0; i < 200; i++) {
          const body = pattern(i % 100, i)
          mustNotThrow(
            () => {
              const part = a!.codec.encode({ type: 'custom', channel: name, body })
              const packet = a!.codec.bundle(senders[i % 2]!, [part], undefined)
              trial.simulation.call(a!, (engine, now) => engine.receive(b!.address, packet, now))
            },
            contract.message,
            `${body.length} bytes on its channel`,
          )
          trial.run(97)
        }
        trial.run(30_000)
        trial.checkNobodyReported('after bytes that nobody meant')
      },
    },
  ]
}
