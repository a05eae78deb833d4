import type { Life } from '../life.ts'
import { aftermath } from '../touched.ts'
import type { Invariant } from './invariant.ts'

/** No excuse: no fault of these is a reason for a process to end. */
export const nobodyEndsByItself: Invariant = {
  name: 'nobody-ends-by-itself',
  rule: 'a process ends when it is killed, and with exit code 0 when it is told to leave',
  watch: (_truth, breach) => ({
    ended(life) {
      const { ended, name, runtime, wanted } = life
      if (wanted === 'killed' || (wanted === 'left' && ended === 0)) return
      const why = wanted === 'left' ? 'when it was told to leave' : 'though nobody wanted it to'
      breach(`${name} (${runtime}) ended with ${ended}, ${why}: ${lastLine(life)}`)
    },
  }),
}

/** Lines of the level `error`, and what runtimes say at their end. */
const error =
  /^\S+ error |unhandled|uncaught|Uncaught|panicked|Segmentation|TypeError|ReferenceError|AssertionError/
/** What faults are there to bring about: a disk that is full. */
const wanted = /^\S+ error the snapshot could not be saved /

/** No excuse. */
export const logsTellOfNoFaultOfOurs: Invariant = {
  name: 'no-fault-of-our-own',
  rule: 'no log tells of an error that the program did not expect',
  watch: (truth, breach) => {
    const said = new Set<string>()
    const check = (life: Life): void => {
      const line = life
        .logged()
        .split('\n')
        .find((each) => error.test(each) && !wanted.test(each))
      if (line === undefined || said.has(life.log)) return
      said.add(life.log)
      breach(`${life.name} (${life.runtime}) logs: ${line}`)
    }
    return {
      ended: check,
      rest() {
        for (const life of truth.lives) if (life.running) check(life)
      },
    }
  },
}

/** Somebody whom nothing hinders answers within the time of a look and of one more. */
export const theUntouchedAnswer: Invariant = {
  name: 'the-untouched-answer',
  rule: 'the control API of a node that no fault touches answers within 5 s, at the latest at the second try',
  watch: (truth, breach) => {
    const silent = new WeakMap<Life, number>()
    return {
      looked: (at) => void silent.delete(at),
      silent(at, why) {
        if (truth.touched.lately(at.name)) return
        const times = (silent.get(at) ?? 0) + 1
        silent.set(at, times)
        if (times === 2) breach(`${at.name} (${at.runtime}) does not answer: ${why}`)
      },
    }
  },
}

/** What a node of a group of 20 may have at rest: the largest seen is 190 MiB, on Bun. */
const mostMemory = 400 * 2 ** 20
/** Beyond what it had when it first was at rest: connections that are kept for a while. */
const moreDescriptors = 20

/** When all agree and nothing is wrong. Excused: connections that were opened in the aftermath of a fault, some of which last a minute. */
export const resourcesAreBounded: Invariant = {
  name: 'resources-are-bounded',
  rule: `at rest a process holds no more than ${mostMemory / 2 ** 20} MiB, and ${moreDescriptors} descriptors more than at first`,
  watch: (truth, breach) => {
    const first = new WeakMap<Life, number>()
    return {
      rest(views) {
        for (const life of views.keys()) {
          if (truth.touched.since(life.name) > truth.now() - aftermath) continue
          const { descriptors, memory } = life.usage()
          const before = first.get(life)
          if (before === undefined) first.set(life, descriptors)
          else if (descriptors > before + moreDescriptors) {
            breach(
              `${life.name} (${life.runtime}) has ${descriptors} descriptors open; at first it had ${before}`,
            )
          }
          if (memory > mostMemory) {
            breach(`${life.name} (${life.runtime}) holds ${Math.round(memory / 2 ** 20)} MiB`)
          }
        }
      },
    }
  },
}

function lastLine(life: Life): string {
  return life.logged().trimEnd().split('\n').at(-1) ?? ''
}
