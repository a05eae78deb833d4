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
      scene.show(by, [member('a'), member('b', 'failed')], 20_000)
      scene.event(by, 'reap', member('b', 'failed'), 1)
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'notices a member that is gone from the table though nothing says that it was reaped',
    breaches: 1,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'join', member('b'), 1)
      scene.event(by, 'failed', member('b', 'failed'), 2)
      scene.show(by, [member('a')], 14_000)
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'takes one that was reaped, and whatever comes first after events were missed',
    breaches: 0,
    play(scene) {
      const by = scene.live('a')
      scene.event(by, 'join', member('b'), 1)
      scene.event(by, 'failed', member('b', 'failed'), 2)
      scene.event(by, 'reap', member('b', 'failed'), 3)
      scene.show(by, [member('a')], 14_000)
      scene.watch.missed!(by, 'events')
      scene.event(by, 'alive', member('c'), 30)
    },
  },
  {
    invariant: eventsTellTheTable,
    that: 'notices that the first event is missing',
    breaches: 1,
    play(scene) {
      scene.event(scene.live('a'), 'join', member('b'), 2)
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
      scene.show(by, [member('a'), member('b', 'failed')], 14_000)
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
    invariant: theUntouchedDoNotFail,
    that: 'takes a verdict that a touched node repeated first, and one that it told a moment later',
    breaches: 0,
    play(scene) {
      const [a, b, c] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
      scene.touched.now(['c'])
      scene.event(a!, 'failed', member('d', 'failed'))
      scene.at += 900
      scene.event(c!, 'failed', member('d', 'failed'))
      scene.at += 10_000
      scene.event(b!, 'failed', member('d', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'notices a verdict that touched nodes repeat',
    breaches: 1,
    play(scene) {
      const [a, , c] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.touched.now(['c'])
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.at += 2_000
      scene.event(c!, 'failed', member('b', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'notices a verdict whatever begins afterwards: at those two, at others that said the same, or as the member ends',
    breaches: 2,
    play(scene) {
      const [a, b, c] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.event(c!, 'failed', member('b', 'failed'))
      scene.at += 2_000
      scene.touched.begin(['a', 'c', 'd'])
      scene.end(b!, 'killed', 137)
      scene.end(a!, 'killed', 137)
      scene.show(c!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'takes a verdict while a touched node cannot tell what it said',
    breaches: 0,
    play(scene) {
      const [a, , c] = ['a', 'b', 'c'].map((name) => scene.live(name))
      scene.touched.now(['c'])
      scene.unheard.add(c!)
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.unheard.clear()
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'notices one while a node that nothing touched cannot tell, and one while a touched one stands still',
    breaches: 2,
    play(scene) {
      const [a, , c] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
      scene.unheard.add(c!)
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.unheard.clear()
      scene.touched.begin(['c'])
      scene.event(a!, 'failed', member('d', 'failed'))
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'takes what one may have said that ended in that moment, and notices what comes long before or after an end',
    breaches: 2,
    play(scene) {
      const [a, , c, , e] = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => scene.live(name))
      scene.end(c!, 'killed', 137)
      scene.at += 900
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.at += 2_000
      scene.event(a!, 'failed', member('d', 'failed'))
      scene.event(a!, 'failed', member('f', 'failed'))
      scene.at += 2_000
      scene.end(e!, 'killed', 137)
      scene.show(a!, [], 30_000)
    },
  },
  {
    invariant: theUntouchedDoNotFail,
    that: 'takes a verdict where it shows a moment later that the machine stood still',
    breaches: 0,
    play(scene) {
      const [a] = ['a', 'b'].map((name) => scene.live(name))
      scene.event(a!, 'failed', member('b', 'failed'))
      scene.stoodStillAt = scene.at + 1
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
      scene.show(a!, [member('a'), member('b')])
      scene.watch.sent!(a!, 'told-1')
      scene.watch.broadcast!(b!, 'told-1')
      scene.at += aftermath
      scene.watch.missed!(scene.lives[2]!, 'broadcasts')
      scene.watch.sent!(a!, 'told-2')
      scene.watch.over!()
    },
  },
  {
    invariant: broadcastsReachAll,
    that: 'takes what was told by one that knew nobody, or only members that had failed',
    breaches: 0,
    play(scene) {
      const [a, b] = ['a', 'b'].map((name) => scene.live(name))
      scene.show(a!, [member('a'), member('b', 'failed')])
      scene.watch.sent!(a!, 'told-1')
      scene.show(a!, [member('a'), member('b')])
      scene.watch.sent!(a!, 'told-2')
      scene.watch.broadcast!(b!, 'told-2')
      scene.at += aftermath
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
    that: 'takes a full disk and warnings, and notices once any other error, and what a runtime says at its end',
    breaches: 2,
    play(scene) {
      const said = (name: string, ...lines: readonly string[]) =>
        scene.live(name, { logged: () => lines.map((line) => `2026-01-02T03:04:05.678Z ${line}\n`).join('') })
      said(
        'a',
        'error the snapshot could not be saved reason=ENOSPC',
        'warn  seed does not answer error=timeout',
      )
      said('b', 'info  serving', 'error something that nobody thought of reason="x is undefined"')
      said('c', 'info  serving', 'Segmentation fault at address 0x7')
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

test('broadcasts-reach-all says at how many members it looked for a broadcast', () => {
  const scene = new Scene(broadcastsReachAll)
  const [a, b] = ['a', 'b', 'c', 'd'].map((name) => scene.live(name))
  scene.end(b!, 'killed', 137)
  scene.show(a!, [member('c')])
  scene.watch.sent!(a!, 'told-1')
  scene.at += aftermath
  scene.watch.over!()
  expect(scene.tries).toEqual({ 'broadcasts at members that had to be told of them': 2 })
})
