import { faultKinds } from '../wire/codec.ts'

/** What an engine counts. All since start; pulled, never pushed. */
const counterNames = [
  'packetsIn',
  'packetsOut',
  'bytesIn',
  'bytesOut',
  'streamsIn',
  'streamsOut',
  'messagesSkipped',
  'probesSent',
  'probesAnswered',
  'acksStray',
  'nacks',
  'coordinatesRefused',
  'coordinatesReset',
  'pingsMisaddressed',
  'pingsRelayed',
  'relaysRefused',
  'claimsApplied',
  'claimsStale',
  'claimsUnknown',
  'claimsIncarnationTooHigh',
  'claimsVersion',
  'claimsRejected',
  'claimsHeldBack',
  'membersRefused',
  'confirmations',
  'witnessLooks',
  'refusalVerdicts',
  'refutations',
  'suspectedOthers',
  'failedOthers',
  'conflicts',
  'syncsStarted',
  'syncsEqual',
  'syncsExchanged',
  'syncsFailed',
  'syncsRefused',
  'strangersHeard',
  'joinsServed',
  'dialBacksFailed',
  'rejoinsTried',
  'stalls',
  'loopLags',
  'oversize',
  'customUnknown',
  'configsIgnored',
  'configsTooFarAhead',
  'switches',
  'reportsIgnored',
  'doubts',
  'reportsHeld',
  'verdictsHeld',
  'pathsDegraded',
  'flappers',
] as const

type FaultCounter = `fault:${(typeof faultKinds)[number]}`
export type CounterName = (typeof counterNames)[number] | FaultCounter
export type Counters = Record<CounterName, number>

export function createCounters(): Counters {
  const names: CounterName[] = [...counterNames, ...faultKinds.map((kind): FaultCounter => `fault:${kind}`)]
  // Every name of the union is in the list above, so the record is whole.
  return Object.fromEntries(names.map((name) => [name, 0])) as Counters
}
