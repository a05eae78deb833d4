import type { Case } from './case.ts'

/** Cases in order, each with a heading before its name. */
export class CaseList {
  readonly cases: Case[] = []
  readonly #heading: string

  constructor(heading: string) {
    this.#heading = heading
  }

  add(name: string, run: () => void): void {
    this.cases.push({ name: `${this.#heading}: ${name}`, run })
  }

  /** Adds a case that says nothing where its condition does not hold. */
  addIf(applies: boolean, name: string, run: () => void): void {
    if (applies) this.add(name, run)
  }
}
