import type { Field } from './field.ts'
import type { Kind } from './schedule.ts'

/** What was done, how long it took until all agreed again, and which rules were broken. */
export class Report {
  readonly #field: Field
  readonly #seed: number
  readonly #minutes: number
  readonly #kinds = new Map<Kind, { times: number; worst: number }>()
  readonly #nothing = new Map<Kind, number>()
  readonly #took: number[] = []
  #rounds = 0
  /** How often somebody was told to say something. */
  chats = 0

  constructor(field: Field, seed: number, minutes: number) {
    this.#field = field
    this.#seed = seed
    this.#minutes = minutes
  }

  /** What was dealt could be done to nobody. */
  cameToNothing(kind: Kind): void {
    this.#nothing.set(kind, (this.#nothing.get(kind) ?? 0) + 1)
  }

  /** After a round in which these kinds were done all agreed again, so many milliseconds after the last was undone. */
  agreed(kinds: readonly Kind[], took: number | undefined): void {
    if (took === undefined) return
    this.#field.log(`agreed after ${(took / 1_000).toFixed(1)} s`)
    if (kinds.length === 0) return
    this.#rounds++
    this.#took.push(took)
    for (const kind of kinds) {
      const known = this.#kinds.get(kind) ?? { times: 0, worst: 0 }
      this.#kinds.set(kind, { times: known.times + 1, worst: Math.max(known.worst, took) })
    }
  }

  print(stopped: boolean): void {
    const { excused, lives, looks, now, starved, tries, violations } = this.#field
    console.log(`\n${'fault'.padEnd(28)}${'times'.padStart(6)}  worst time until all agree again`)
    for (const [kind, { times, worst }] of [...this.#kinds].toSorted()) {
      console.log(`${kind.padEnd(28)}${String(times).padStart(6)}  ${(worst / 1_000).toFixed(1)} s`)
    }
    const took = this.#took.toSorted((a, b) => a - b)
    const quantile = (q: number): string =>
      ((took[Math.floor(q * (took.length - 1))] ?? 0) / 1_000).toFixed(1)
    console.log(
      `${this.#rounds} rounds, ${lives.length} processes, ${this.chats} broadcasts and updates, ${(now.call(this.#field) / 60_000).toFixed(1)} of ${this.#minutes} minutes; ` +
        `all agreed again after ${quantile(0.5)} s in the middle, ${quantile(1)} s at the most; ` +
        `the machine stood still ${starved.times} times, ${Math.round(starved.longest)} ms at the most`,
    )
    const share = ((100 * looks.untouched) / Math.max(1, looks.all)).toFixed(0)
    console.log(`${looks.all} looks at tables, ${share} % of them at nodes that no fault had touched lately`)
    for (const [kind, times] of this.#nothing) console.log(`could be done to nobody: ${times} ${kind}`)
    for (const [what, times] of tries) console.log(`tried: ${times} ${what}`)
    for (const [what, times] of excused) console.log(`excused: ${times} ${what}`)
    if (stopped) console.log('stopped before its time')
    for (const { at, rule, what } of violations) console.log(`${at.toFixed(1)} s: ${rule} is broken: ${what}`)
    console.log(
      violations.length === 0
        ? 'no rule was broken'
        : `${violations.length} violations; --seed ${this.#seed} deals the same faults in the same order`,
    )
  }
}
