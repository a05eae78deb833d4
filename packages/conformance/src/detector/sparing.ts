import type { Case } from '../case/case.ts'
import { check } from '../case/check.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { slowNetwork, Trial } from './trial.ts'

/** A member that lives is not condemned. */
export function sparingCases(setup: Setup): Case[] {
  const cases: Case[] = [
    {
      name: 'in a quiet network nobody is reported, in groups of 1, 2, 3 and 8',
      run: () => {
        for (const n of [1, 2, 3, 8]) {
          for (const seed of [1, 2]) {
            const trial = new Trial(setup, n, { seed })
            trial.run(60_000)
            trial.checkNobodyReported(`in a quiet group of ${n} with seed ${seed}`)
          }
        }
      },
    },

    {
      name: 'alone it looks at nobody, and who then joins and crashes is found',
      run: () => {
        const trial = new Trial(setup, 1)
        trial.run(30_000)
        const deed = [...trial.done('ping'), ...trial.done('look'), ...trial.done('send')][0]
        check(
          deed === undefined,
          contract.detector,
          () => `alone, ${deed?.node} called ${deed?.what}() at ${deed?.now} ms`,
        )
        const joined = trial.simulation.add()
        trial.simulation.join(joined, trial.nodes[0]!)
        trial.run(10_000)
        trial.checkFound(joined, true, 'after it had joined one that was alone')
      },
    },

    {
      name: 'a member that leaves is neither looked at nor reported once that is known',
      run: () => {
        const trial = new Trial(setup, 5)
        trial.run(10_000)
        const leaver = trial.nodes[2]!
        trial.simulation.leave(leaver)
        trial.run(10_000)
        trial.simulation.crash(leaver)
        const { now } = trial.simulation
        trial.run(60_000)
        const deed = [
          ...trial.done('ping', now),
          ...trial.done('look', now),
          ...trial.done('unreachable', now),
        ].find(({ about }) => about === leaver.name)
        const what = deed?.what === 'unreachable' ? 'reported' : 'looked at'
        check(
          deed === undefined,
          contract.status,
          () =>
            `${deed?.node} ${what} ${leaver.name}, which left ${(deed?.now ?? 0) - now + 10_000} ms before`,
        )
      },
    },

    {
      name: 'a member whose process starts again at once is not reported in its new life',
      run: () => {
        for (let start = 10_000; start < 11_000; start += 230) {
          const trial = new Trial(setup, 4, { seed: start })
          trial.run(start)
          const again = trial.simulation.restart(trial.nodes[2]!)
          trial.simulation.join(again, trial.nodes[0]!)
          const { boot } = again.engine.members.record(again.engine.members.self)
          trial.run(30_000)
          const report = trial.done('unreachable').find(({ seen }) => seen.boot === boot)
          check(
            report === undefined,
            contract.seen,
            () =>
              `${report?.node} reported ${again.name} ${(report?.now ?? 0) - start} ms after it had started again`,
          )
        }
      },
    },

    {
      name: 'a node that stood still reports nobody when it goes on',
      run: () => {
        for (const pause of [2_000, 30_000]) {
          for (let start = 10_000; start < 11_000; start += 330) {
            const trial = new Trial(setup, 4, { seed: start, network: slowNetwork })
            trial.run(start)
            const still = trial.nodes[1]!
            trial.simulation.pause(still)
            trial.run(pause)
            trial.simulation.resume(still)
            const { now } = trial.simulation
            trial.run(10_000)
            const report = trial.done('unreachable', now).find(({ node }) => node === still.name)
            check(
              report === undefined,
              contract.void,
              () =>
                `${still.name} stood still for ${pause} ms, and reported ${report?.about} ${(report?.now ?? 0) - now} ms after it went on`,
            )
          }
        }
      },
    },

    {
      name: 'pings that are void are no evidence',
      run: () => {
        let stalls = false
        const trial = new Trial(setup, 4, {
          result: (result) => {
            if (!stalls) return result
            return result.outcome === 'nack' ? undefined : { ...result, outcome: 'void' }
          },
          looked: (result) => (stalls ? { ...result, outcome: 'void', path: undefined } : result),
        })
        trial.run(20_000)
        stalls = true
        trial.run(60_000)
        trial.checkNobodyReported('as all its pings were void')
      },
    },
  ]
  if (setup.loss > 0) cases.push(lossCase(setup))
  return cases
}

/** Reports of live members, at most, for each node and second: a ping that is lost is no death. */
const falseReports = 0.05

function lossCase(setup: Setup): Case {
  const percent = Math.round(setup.loss * 100)
  return {
    name: `where ${percent} % of packets get lost, live members are seldom reported and none is failed`,
    run: () => {
      for (const seed of [1, 2]) {
        const trial = new Trial(setup, 8, { seed, network: { loss: setup.loss } })
        trial.run(90_000)
        const rate = trial.done('unreachable').length / 8 / 90
        check(
          rate <= falseReports,
          contract.unreachable,
          () =>
            `each node reported ${rate.toFixed(3)} live members a second, with ${percent} % loss; at most ${falseReports} may be`,
        )
        trial.checkNobodyFailed(`with ${percent} % loss and seed ${seed}`)
      }
    },
  }
}
