import fc from 'fast-check'
import { expect } from 'vitest'
import type { Ref } from '../../model/ref.ts'
import type { ProbeStrategy } from '../strategy.ts'
import { Group } from './group.ts'

const zones = [undefined, 'eu', 'eu/fra', 'eu/fra/r1', 'eu/ams', 'us/nyc']
const zone = fc.constantFrom(...zones)

/** What happens before and between looks. `replace`: whoever was looked at last goes, and a newcomer joins. */
type Step =
  | { readonly type: 'look'; readonly times: number }
  | { readonly type: 'join'; readonly zone: string | undefined }
  | { readonly type: 'replace' }
  | { readonly type: 'leave' | 'fail' | 'comeBack' | 'suspect' | 'refute'; readonly which: number }
  | { readonly type: 'move'; readonly which: number; readonly zone: string | undefined }
  | { readonly type: 'rtt'; readonly which: number; readonly rtt: number }

const which = fc.nat()
const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      {
        arbitrary: fc
          .record({ type: fc.constant('look' as const), times: fc.integer({ min: 1, max: 30 }) })
          .map(one),
        weight: 4,
      },
      { arbitrary: fc.record({ type: fc.constant('join' as const), zone }).map(one), weight: 3 },
      {
        arbitrary: fc
          .record({ type: fc.constantFrom('leave', 'fail', 'comeBack', 'suspect', 'refute'), which })
          .map(one),
        weight: 4,
      },
      { arbitrary: fc.record({ type: fc.constant('move' as const), which, zone }).map(one), weight: 2 },
      {
        arbitrary: fc
          .record({
            type: fc.constant('rtt' as const),
            which,
            rtt: fc.double({ min: 0, max: 2_000, noNaN: true }),
          })
          .map(one),
        weight: 2,
      },
      {
        arbitrary: fc
          .integer({ min: 1, max: 12 })
          .map((times) =>
            Array.from({ length: times }, (): Step[] => [
              { type: 'look', times: 1 },
              { type: 'replace' },
            ]).flat(),
          ),
        weight: 2,
      },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.flat())

function one(step: Step): Step[] {
  return [step]
}

/**
 * Whoever is there throughout waits no more than `bound(n)` looks, n being the most others that were there at once meanwhile; and nobody is
 * looked at who is not there; whatever comes, goes, moves and is suspected.
 */
export function expectCoverage(strategy: ProbeStrategy, bound: (n: number) => number, numRuns = 400): void {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), zone, steps, fc.nat(), (stay, own, plan, seed) => {
      const group = new Group(own)
      const staying = Array.from({ length: stay }, (_, i) => group.add(`s${i}`, zones[i % zones.length]))
      const scheduler = group.schedule(strategy, seed)
      let guests: Ref[] = []
      let failed: Ref[] = []
      let named = 0
      let looked: Ref | undefined
      const of = (list: readonly Ref[], index: number): Ref | undefined =>
        list[index % Math.max(1, list.length)]
      // For each who stays: looks since the last at it, and the largest group in that time.
      const waits = staying.map(() => ({ looks: 0, n: stay }))
      const join = (at?: string) => guests.push(group.add(`g${named++}`, at))
      const go = (ref: Ref | undefined, then: 'fail' | 'remove') => {
        if (ref === undefined || !guests.includes(ref)) return
        guests = guests.filter((guest) => guest !== ref)
        if (then === 'remove') return group.remove(ref)
        group.fail(ref)
        failed.push(ref)
      }
      const look = () => {
        looked = scheduler.next()
        if (looked === undefined || ![...staying, ...guests].includes(looked)) {
          throw new Error(`${looked} was looked at, who is not there`)
        }
        for (const [who, wait] of waits.entries()) {
          wait.looks++
          if (looked === staying[who]) Object.assign(wait, { looks: 0, n: stay + guests.length })
        }
      }
      const take = (step: Step): void => {
        switch (step.type) {
          case 'look':
            return look()
          case 'join':
            return void join(step.zone)
          case 'replace':
            go(looked, 'remove')
            return void join()
          case 'leave':
            return go(of(guests, step.which), 'remove')
          case 'fail':
            return go(of(guests, step.which), 'fail')
          case 'comeBack': {
            const back = of(failed, step.which)
            if (back === undefined) return
            failed = failed.filter((ref) => ref !== back)
            guests.push(back)
            return group.comeBack(back)
          }
          case 'suspect':
            return group.suspect(of(group.others, step.which)!)
          case 'refute':
            return group.refute(of(group.others, step.which)!)
          case 'move':
            // Now and then it is the node itself.
            return group.move(
              step.which % 5 === 0 ? group.table.self : of(group.others, step.which)!,
              step.zone,
            )
          case 'rtt':
            return void group.rtts.set(group.table.name(of(group.others, step.which)!), step.rtt)
        }
      }
      for (const step of plan) {
        for (let times = step.type === 'look' ? step.times : 1; times > 0; times--) {
          take(step)
          for (const wait of waits) {
            wait.n = Math.max(wait.n, stay + guests.length)
            // The look that ends the wait is the last of those that the bound allows.
            expect(wait.looks).toBeLessThanOrEqual(bound(wait.n) - 1)
          }
        }
      }
    }),
    { numRuns, seed: 7 },
  )
}
