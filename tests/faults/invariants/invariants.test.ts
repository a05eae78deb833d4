import { expect, test } from 'vitest'
import { aftermath } from '../touched.ts'
import { eventsTellTheTable } from './events.ts'
import type { Invariant } from './invariant.ts'
import { broadcastsReachAll, nothingIsDeliveredTwice } from './messages.ts'
import { claimsNeverGoBack } from './precedence.ts'
import {
  logsTellOfNoFaultOfOurs,
  nobodyEndsByItself,
  resourcesAreBounded,
  theUntouchedAnswer,
} from './processes.ts'
import { member, Scene } from './scene.ts'
import { theDeadAreFound, theLivingAreHeldAlive, theUntouchedDoNotFail } from './verdicts.ts'

/** Each rule is tried with what keeps it and with what breaks it: `breaches` is how often it says so. */
const tries: readonly {
  readonly invariant: Invariant
  readonly that: string
  readonly breaches: number
  play(scene: Scene): void
}[] = [
  {
    invariant: claimsNeverGoBack,
    that: 'takes refutations, and a member that was reaped and comes anew',
    breaches: 0,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'join', member('b', 'alive', 5))
      scene.event(by, 'suspect', member('b', 'suspect', 5))
      scene.event(by, 'alive', member('b', 'alive', 6))
      scene.event(by, 'reap', member('b', 'failed', 6))
      scene.event(by, 'join', member('b', 'alive', 2))
      scene.show(by, [member('b', 'failed', 6)])
      scene.show(by, [])
      scene.show(by, [member('b', 'alive', 2)])
    },
  },
  {
    invariant: claimsNeverGoBack,
    that: 'notices an earlier incarnation in events, and a better status at the same one in a table',
    breaches: 2,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'join', member('b', 'alive', 5))
      scene.event(by, 'update', member('b', 'alive', 4))
      scene.show(by, [member('b', 'failed', 5)])
      scene.show(by, [member('b', 'alive', 5)])
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'takes a life and its end',
    breaches: 0,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'join', member('b'))
      scene.event(by, 'suspect', member('b', 'suspect'))
      scene.event(by, 'failed', member('b', 'failed'))
      scene.show(by, [member('a'), member('b', 'failed')], 20_000)
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'takes what a process remembers of its last life, and tells nothing of',
    breaches: 0,
    play(scene) {
      const by = scene.live('a', { child: { spawnargs: ['--data-dir', 'x'] } })
      scene.show(by, [member('b', 'failed')], 20_000)
      scene.event(by, 'reap', member('b', 'failed'))
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'notices a step that is none, a number that is missing, and a status that was never told',
    breaches: 3,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'alive', member('b'), 1)
      scene.event(by, 'suspect', member('b', 'suspect'), 3)
      scene.show(by, [member('b', 'failed')], 14_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'takes a verdict on one that was touched, and one that a touched node gave first',
    breaches: 0,
    play(scene) {
      const [a, , c] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
      scene.touched.now(['b', 'c'])
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.event(c!, 'failed', member('d', 'failed'))
      scene.event(a!, 'failed', member('d', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'takes a verdict on one that is dead',
    breaches: 0,
    play(scene) {
      const [a, b] = ['a', 'b'].map((name) => scene.live(name))
      scene.end(b!, 'killed', 137)
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'notices a verdict between two that nothing touched, whatever was done to a third that said nothing',
    breaches: 1,
    play(scene) {
      const [a] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.touched.now(['c'])
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theLivingAreHeldAlive,
    that: 'takes a mistake that is over after 20 s, and one about a node that was just touched',
    breaches: 0,
    play(scene) {
      const [a] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.touched.now(['c'])
      scene.show(a!, [member('a'), member('b', 'failed'), member('c', 'failed')], 20_000)
      scene.show(a!, [member('a'), member('b'), member('c')], 20_000)
    },
  },
  {
    invariant: theLivingAreHeldAlive,
    that: 'notices who stays failed, or unknown, though it lives',
    breaches: 2,
    play(scene) {
      const [a] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.show(a!, [member('a'), member('b', 'failed')], 32_000)
    },
  },
  {
    invariant: theDeadAreFound,
    that: 'takes one that is found in time, and its next process',
    breaches: 0,
    play(scene) {
      const [a, b] = ['a', 'b'].map((name) => scene.live(name))
      scene.end(b!, 'killed', 137)
      scene.show(a!, [member('b')], 40_000)
      scene.show(a!, [member('b', 'failed')], 60_000)
      scene.show(a!, [member('b', 'alive', 2, 'its next boot')], 60_000)
    },
  },
  {
    invariant: theDeadAreFound,
    that: 'notices one that nobody misses',
    breaches: 1,
    play(scene) {
      const [a, b] = ['a', 'b'].map((name) => scene.live(name))
      scene.end(b!, 'killed', 137)
      scene.show(a!, [member('b')], 62_000)
    },
  },
  {
    invariant: nothingIsDeliveredTwice,
    that: 'notices the second time, and what nobody told',
    breaches: 2,
    play(scene) {
      const [a, b] = ['a', 'b'].map((name) => scene.live(name))
      scene.watch.broadcast!(a!, 'told-1')
      scene.watch.broadcast!(b!, 'told-1')
      scene.watch.broadcast!(a!, 'told-1')
      scene.watch.broadcast!(a!, 'made up')
    },
  },
  {
    invariant: broadcastsReachAll,
    that: 'takes what came too late to be with all, and followers that lost touch; and notices who was left out',
    breaches: 1,
    play(scene) {
      const [a, b] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
      scene.watch.sent!(a!, 'told-1')
      scene.watch.broadcast!(b!, 'told-1')
      scene.at += aftermath
      scene.watch.missed!(scene.lives[2]!, 'broadcasts')
      scene.watch.sent!(a!, 'told-2')
      scene.watch.over!()
    },
  },
  {
    invariant: nobodyEndsByItself,
    that: 'takes those that are killed or leave, and notices a crash and a leave that failed',
    breaches: 2,
    play(scene) {
      scene.end(scene.live('a'), 'killed', 137)
      scene.end(scene.live('b'), 'left', 0)
      scene.end(scene.live('c'), undefined, 1)
      scene.end(scene.live('d'), 'left', 1)
    },
  },
  {
    invariant: logsTellOfNoFaultOfOurs,
    that: 'takes a full disk, and notices a fault of the control API once',
    breaches: 1,
    play(scene) {
      scene.live('a', { logged: () => 'error the snapshot could not be saved reason=ENOSPC' })
      scene.live('b', { logged: () => 'error control API fault reason="x is undefined"' })
      scene.watch.rest!(new Map())
      scene.watch.rest!(new Map())
    },
  },
  {
    invariant: theUntouchedAnswer,
    that: 'takes one silence, and those of a node that was touched; and notices two in a row',
    breaches: 1,
    play(scene) {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.touched.now(['b'])
      for (let i = 0; i < 2; i++) for (const life of [a!, b!]) scene.watch.silent!(life, 'timeout')
      scene.watch.silent!(c!, 'timeout')
      scene.show(c!, [])
      scene.watch.silent!(c!, 'timeout')
    },
  },
  {
    invariant: resourcesAreBounded,
    that: 'notices descriptors that stay open, and memory beyond all bounds',
    breaches: 2,
    play(scene) {
      const usage = { memory: 2 ** 20, descriptors: 20 }
      const life = scene.live('a', { usage: () => usage })
      // Which views they are does not matter here.
      const views = new Map([[life, {} as never]])
      scene.watch.rest!(views)
      usage.descriptors = 40
      scene.watch.rest!(views)
      usage.descriptors = 41
      scene.watch.rest!(views)
      usage.descriptors = 20
      usage.memory = 2 ** 30
      scene.watch.rest!(views)
    },
  },
]

test.each(tries)('$invariant.name: $that', ({ breaches, invariant, play }) => {
  const scene = new Scene(invariant)
  play(scene)
  expect(scene.breaches).toHaveLength(breaches)
})
