import type { Case } from '../case/case.ts'
import { check } from '../case/check.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { Trial } from './trial.ts'
import { counted } from './views.ts'

const small = 16
const large = 64
const seconds = 20

/** What a detector costs does not grow with the group. */
export function boundCases(setup: Setup): Case[] {
  return [
    {
      name: 'a node sends no more pings and messages in a large group than in a small one',
      run: () => {
        const rate = (n: number): number => {
          const trial = new Trial(setup, n)
          trial.run(seconds * 1_000)
          return (
            (trial.done('ping').length + trial.done('look').length + trial.done('send').length) / n / seconds
          )
        }
        const [few, many] = [rate(small), rate(large)]
        check(
          many <= 1.5 * few + 0.2,
          contract.period,
          () => `a node of ${large} sends ${many.toFixed(2)} a second, and one of ${small} ${few.toFixed(2)}`,
        )
      },
    },

    {
      name: 'no call does more work in a large group than in a small one',
      run: () => {
        const most = (n: number): { work: number; hook: string } => {
          let looks = 0
          let found = { work: 0, hook: '' }
          const trial = new Trial(setup, n, {
            members: (members) => counted(members, () => looks++),
            before: () => {
              looks = 0
            },
            after: (_, hook, deeds) => {
              // Once, before there is anything to do, all may be looked at.
              if (hook === 'attach' || hook === 'start') return
              if (looks + deeds > found.work) found = { work: looks + deeds, hook }
            },
          })
          trial.run(seconds * 500)
          trial.simulation.crash(trial.nodes[n - 1]!)
          trial.run(seconds * 500)
          return found
        }
        const [few, many] = [most(small), most(large)]
        check(
          many.work <= 2 * few.work + 16,
          contract.active,
          () =>
            `${many.hook} looks at members and asks for things ${many.work} times in a group of ${large}, and at most ${few.work} times in one of ${small}`,
        )
      },
    },
  ]
}
