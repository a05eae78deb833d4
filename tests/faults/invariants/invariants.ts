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
import { theDeadAreFound, theLivingAreHeldAlive, theUntouchedDoNotFail } from './verdicts.ts'

/** All rules that are watched; that all agree at rest is what each round of the schedule ends with. */
export const allInvariants: readonly Invariant[] = [
  claimsNeverGoBack,
  eventsTellTheTable,
  theUntouchedDoNotFail,
  theLivingAreHeldAlive,
  theDeadAreFound,
  nothingIsDeliveredTwice,
  broadcastsReachAll,
  nobodyEndsByItself,
  logsTellOfNoFaultOfOurs,
  theUntouchedAnswer,
  resourcesAreBounded,
]
