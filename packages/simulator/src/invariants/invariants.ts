import type { LookOrder } from '../scenario/scenario.ts'
import { leaversNeverFail, leftByItself, nothingIsInvented } from './announcements.ts'
import { helpersAnswer, pingsAreAnswered } from './answering.ts'
import { memoryIsBounded, nothingIsLeftOver } from './bounds.ts'
import { buddiesAreTold } from './buddy.ts'
import { nobodyIsAccusedInCalm, theDeadAreFound } from './completeness.ts'
import { configurationsOnlyRise } from './configurations.ts'
import { digestsTellTablesApart } from './digests.ts'
import { eventsTellTheTable } from './events.ts'
import type { Invariant } from './invariant.ts'
import { answersAreCounted, nothingIsDeliveredTwice } from './messages.ts'
import { livingMembersAreNotMoved, membersAreWhereTheySay, oneProcessKeepsAName } from './names.ts'
import { packetsFit, updatesAreToldSoOften } from './packets.ts'
import { payloadsReachAll } from './payloads.ts'
import {
  incarnationsNeverDecrease,
  nobodyDoubtsItself,
  sameIncarnationOnlyWorsens,
  unknownNamesCreateNothing,
} from './precedence.ts'
import { membersRefute } from './refutation.ts'
import { allAgreeAtRest } from './rest.ts'
import { agesBeginAnew, largerAgeWins, nothingPastRetentionIsSent, retentionIsKept } from './retention.ts'
import { stallsJudgeNobody } from './stall.ts'
import { accusersAreReal, deadlinesFollowTheFormula } from './suspicion.ts'
import { verdictsHaveGrounds } from './verdicts.ts'

/** All rules that are checked in every run. `look`: how the detector chooses whom to look at next. */
export function allInvariants(look: LookOrder = 'ring-successor'): readonly Invariant[] {
  return [
    // Claims
    incarnationsNeverDecrease,
    sameIncarnationOnlyWorsens,
    unknownNamesCreateNothing,
    nobodyDoubtsItself,
    nothingIsInvented,
    leftByItself,
    leaversNeverFail,
    membersRefute,
    oneProcessKeepsAName,
    livingMembersAreNotMoved,
    membersAreWhereTheySay,
    configurationsOnlyRise,
    // Judgement
    accusersAreReal,
    deadlinesFollowTheFormula,
    verdictsHaveGrounds,
    stallsJudgeNobody,
    theDeadAreFound(look),
    nobodyIsAccusedInCalm,
    buddiesAreTold,
    pingsAreAnswered,
    helpersAnswer,
    // Messages
    nothingIsDeliveredTwice,
    answersAreCounted,
    payloadsReachAll,
    // Bounds
    packetsFit,
    updatesAreToldSoOften,
    retentionIsKept,
    nothingPastRetentionIsSent,
    largerAgeWins,
    agesBeginAnew,
    memoryIsBounded,
    digestsTellTablesApart,
    eventsTellTheTable,
    nothingIsLeftOver,
    allAgreeAtRest,
  ]
}
