import type { Case } from '../case/case.ts'
import { check } from '../case/check.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { Trial } from './trial.ts'

/** On transports that carry packets only, or streams only. */
export function carrierCases(setup: Setup): Case[] {
  const cases = [
    { carried: 'packets', carries: { packets: true, streams: false }, wrong: ['stream'] },
    { carried: 'streams', carries: { packets: false, streams: true }, wrong: ['direct', 'indirect'] },
  ] as const
  return cases.map(({ carried, carries, wrong }) => ({
    name: `where only ${carried} are carried it uses no other way, finds a crash, and reports nobody else`,
    run: () => {
      for (const n of [2, 5]) {
        const trial = new Trial(setup, n, { carries })
        trial.run(30_000)
        trial.checkNobodyReported(`in a group of ${n} where only ${carried} are carried`)
        const gone = trial.nodes[n - 1]!
        trial.checkFound(gone, false, `in a group of ${n} where only ${carried} are carried`)
        trial.checkNobodyReported(`beside ${gone.name}, where only ${carried} are carried`, gone)
        const ping = trial
          .done('ping')
          .find(({ options }) => (wrong as readonly string[]).includes(options.path))
        check(ping === undefined, contract.carries, () => `${ping?.node} pings by path ${ping?.options.path}`)
      }
    },
  }))
}
