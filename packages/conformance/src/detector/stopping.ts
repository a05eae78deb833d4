import type { SimNode } from '@swimkit/simulator'
import type { Case } from '../case/case.ts'
import { check, checkSame } from '../case/check.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { slowNetwork, Trial } from './trial.ts'

/** Before it is started, and once it is stopped, a detector does nothing. */
export function stoppingCases(setup: Setup): Case[] {
  return [
    {
      name: 'before it is started it does nothing',
      run: () => {
        const trial = new Trial(setup, 3)
        trial.run(1_000)
        const deed = trial.watch.deeds.find(({ state }) => state === 'made')
        check(
          deed === undefined,
          contract.many,
          () => `${deed?.node} called ${deed?.what}() when it was attached`,
        )
      },
    },

    {
      name: 'stop arms no timer and asks for nothing, and is followed by silence',
      run: () => {
        for (let start = 5_000; start < 6_000; start += 170) {
          const trial = new Trial(setup, 4, { network: slowNetwork })
          trial.run(start)
          const [stopped, , , gone] = trial.nodes as [SimNode, SimNode, SimNode, SimNode]
          trial.command(stopped, (watched, now) => watched.stop(now))
          // Others go on, and tell it of what they find.
          trial.run(3_000)
          trial.simulation.crash(gone, true)
          trial.run(40_000)
          const deed = trial.watch.deeds.find(
            ({ node, state, what }) =>
              node === stopped.name &&
              (state === 'stopped' || (state === 'stopping' && (what === 'arm' || what === 'ping'))),
          )
          const when = deed?.state === 'stopped' ? 'after it was stopped' : 'as it was stopped'
          check(
            deed === undefined,
            contract.ended,
            () => `${deed?.node} called ${deed?.what}() ${when}, at ${deed?.now} ms`,
          )
        }
      },
    },

    {
      name: 'what it was looking at when it was stopped is no evidence once it starts again',
      run: () => {
        for (const gap of [0, 300, 2_000]) {
          const trial = new Trial(setup, 4, { network: slowNetwork })
          trial.run(5_000)
          const node = trial.nodes[0]!
          for (let i = 0; i < 60; i++) {
            trial.command(node, (watched, now) => watched.stop(now))
            trial.run(gap)
            trial.command(node, (watched, now) => watched.start(now))
            trial.run(1_070)
          }
          const report = trial.done('unreachable').find((deed) => deed.node === node.name)
          check(
            report === undefined,
            contract.stop,
            () =>
              `${node.name} reported ${report?.about}, which lives, as it was stopped and started again after ${gap} ms`,
          )
        }
      },
    },

    {
      name: 'stopped and started again, as in a switch to another detector and back, it finds a crash as before',
      run: () => {
        const trial = new Trial(setup, 3)
        trial.run(5_500)
        for (const node of trial.nodes) trial.command(node, (watched, now) => watched.stop(now))
        trial.run(7_000)
        for (const node of trial.nodes) trial.command(node, (watched, now) => watched.start(now))
        trial.run(20_000)
        trial.checkNobodyReported('after it was stopped and started again')
        trial.checkFound(trial.nodes[1]!, true, 'after it was stopped and started again')
      },
    },

    {
      name: 'a node that has left is silent, and finds a crash once it has joined again',
      run: () => {
        const trial = new Trial(setup, 2)
        trial.run(10_000)
        const [a, b] = trial.nodes as [SimNode, SimNode]
        trial.simulation.leave(a)
        trial.run(1_000)
        const { now } = trial.simulation
        trial.run(30_000)
        const deeds = trial.watch.deeds.filter(({ node, now: at }) => node === a.name && at > now)
        checkSame(deeds.length, 0, contract.stop, `deeds of ${a.name}, which has left`)
        trial.simulation.join(a, b)
        trial.run(20_000)
        trial.checkFound(b, true, `as ${a.name} had left and joined again`)
      },
    },
  ]
}
