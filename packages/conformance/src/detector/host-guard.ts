import { ConformanceError } from '../case/check.ts'
import { contract } from './contract.ts'

type Functions = Record<string, unknown>

/** What of a host gives time, chance or timers. */
const forbidden: readonly (readonly [owner: string, names: readonly string[]])[] = [
  ['Date', ['now']],
  ['Math', ['random']],
  ['performance', ['now']],
  ['crypto', ['getRandomValues', 'randomUUID']],
  ['', ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']],
]

/** Takes clocks, chance and timers away from whoever runs between `close` and `open`: using one is a failure. */
export class HostGuard {
  #undo: (() => void)[] = []

  close(): void {
    for (const [owner, names] of forbidden) {
      // Looked at by name, as not every host has all of them.
      const target = (owner === '' ? globalThis : Reflect.get(globalThis, owner)) as Functions | undefined
      for (const name of names) if (typeof target?.[name] === 'function') this.#forbid(target, owner, name)
    }
  }

  open(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }

  #forbid(target: Functions, owner: string, name: string): void {
    const own = Object.getOwnPropertyDescriptor(target, name)
    const shown = owner === '' ? name : `${owner}.${name}`
    const value = (): never => {
      throw new ConformanceError(`it called ${shown}()`, owner === 'Math' ? contract.random : contract.clock)
    }
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
    this.#undo.push(() => {
      if (own === undefined) delete target[name]
      else Object.defineProperty(target, name, own)
    })
  }
}
