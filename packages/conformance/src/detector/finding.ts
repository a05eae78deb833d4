import type { Millis } from '@swimkit/core'
import type { SimNode } from '@swimkit/simulator'
import type { Case } from '../case/case.ts'
import { check, checkSame } from '../case/check.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { Trial } from './trial.ts'

/** A member that is gone is reported, as what it was. */
export function findingCases(setup: Setup): Case[] {
  return [
    ...[2, 3, 8].map((n) => ({
      name: `in a group of ${n} a crashed member is reported in time, and then failed by all`,
      run: () => {
        for (const silent of [false, true]) {
          const seed = silent ? 1 : 2
          const trial = new Trial(setup, n, { seed })
          trial.run(20_000 + 370 * seed)
          const gone = trial.nodes[n - 1]!
          const how = silent ? 'with its machine' : 'on a machine that refuses its streams from then on'
          trial.checkFound(gone, silent, `${how}, in a group of ${n}`)
          trial.run(20_000)
          trial.checkNobodyReported(`as ${gone.name} had crashed ${how}`, gone)
        }
      },
    })),

    {
      name: 'the last of a group finds all the others gone',
      run: () => {
        const trial = new Trial(setup, 4)
        trial.run(10_000)
        const [, ...others] = trial.nodes
        for (const other of others.slice(1)) trial.simulation.crash(other, true)
        trial.checkFound(others[0]!, true, 'as the last of the others')
        trial.run(setup.detectsWithin(4) + 60_000)
        const missed = others.find(({ name }) => trial.statusAt(trial.nodes[0]!, name) !== 'failed')
        check(
          missed === undefined,
          contract.detector,
          () => `${missed?.name} is gone as well, and not failed`,
        )
      },
    },

    {
      name: 'a report is about the process and incarnation that is gone',
      run: () => {
        const trial = new Trial(setup, 4)
        trial.run(10_000)
        const { simulation } = trial
        const again = simulation.restart(trial.nodes[3]!)
        simulation.join(again, trial.nodes[0]!)
        trial.run(20_000)
        const { members } = again.engine
        const expected = {
          incarnation: members.incarnation(members.self),
          boot: members.record(members.self).boot,
        }
        const { incarnation, boot } = trial.checkFound(again, true, 'in its second life').seen
        checkSame({ incarnation, boot }, expected, contract.seen, 'what was reported')
      },
    },

    {
      name: 'who refutes while it is looked at is not touched',
      run: () => {
        const trial = new Trial(setup, 3)
        trial.run(10_000)
        const [a, b, gone] = trial.nodes as [SimNode, SimNode, SimNode]
        trial.simulation.crash(gone, true)
        // Word of it comes more often than a look takes, each time of a higher incarnation.
        for (let at = 0, told = 1; at < setup.detectsWithin(3); at += refutes, told++) {
          for (const node of [a, b]) hearOf(trial, node, gone, told)
          trial.run(refutes)
        }
        for (const node of [a, b]) {
          const doubt = node.events.find(
            ({ record, type }) => record.name === gone.name && (type === 'suspect' || type === 'failed'),
          )
          check(
            doubt === undefined,
            contract.seen,
            () =>
              `${node.name} held ${gone.name} ${doubt?.type} at incarnation ${doubt?.incarnation}, of which it had heard less than ${refutes} ms before`,
          )
        }
      },
    },
  ]
}

const refutes: Millis = 40

/** A node hears, by a packet of nobody it knows, that a member is alive at a higher incarnation. */
function hearOf({ simulation }: Trial, node: SimNode, member: SimNode, by: number): void {
  const { members } = node.engine
  const ref = members.find(member.name)
  if (ref === undefined) return
  const claim = {
    type: 'alive',
    incarnation: members.incarnation(ref) + by,
    record: members.record(ref),
  } as const
  const stranger = { name: 'stranger', boot: 1n, incarnation: 1 }
  const packet = node.codec.bundle(stranger, [node.codec.encode(claim)], undefined)
  simulation.call(node, (engine, now) => engine.receive({ host: '192.0.2.1', port: 1 }, packet, now))
}
