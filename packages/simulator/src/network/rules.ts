import { type Conditions, checkConditions } from './conditions.ts'

/** Which nodes a rule is about: by their places, as `SimNode.place` has them; undefined: all. */
export type Places = ReadonlySet<number> | undefined

interface Rule {
  readonly from: Places
  readonly to: Places
  readonly change: Partial<Conditions>
}

/**
 * The conditions of every link: those of the whole network, and on top of them rules for links from some nodes to
 * others, later ones over earlier ones. A partition is two rules, a one-way fault one.
 */
export class LinkRules {
  #base: Conditions
  #rules: Rule[] = []

  constructor(base: Conditions) {
    checkConditions(base)
    this.#base = base
  }

  get base(): Conditions {
    return this.#base
  }

  /** Rules in force. */
  get count(): number {
    return this.#rules.length
  }

  /** The same conditions, whatever changes here from now on. */
  copy(): LinkRules {
    const copy = new LinkRules(this.#base)
    copy.#rules = [...this.#rules]
    return copy
  }

  changeBase(change: Partial<Conditions>): void {
    checkConditions(change)
    this.#base = { ...this.#base, ...change }
  }

  /** Adds a rule; returns what takes it away again. */
  add(from: Places, to: Places, change: Partial<Conditions>): () => void {
    checkConditions(change)
    const rule: Rule = { from, to, change }
    this.#rules.push(rule)
    return () => {
      const at = this.#rules.indexOf(rule)
      if (at >= 0) this.#rules.splice(at, 1)
    }
  }

  /** Takes all rules away. The conditions of the whole network stay. */
  clear(): void {
    this.#rules.length = 0
  }

  of(from: number, to: number): Conditions {
    const rules = this.#rules
    let conditions = this.#base
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i]!
      if (rule.from !== undefined && !rule.from.has(from)) continue
      if (rule.to !== undefined && !rule.to.has(to)) continue
      conditions = { ...conditions, ...rule.change }
    }
    return conditions
  }
}
