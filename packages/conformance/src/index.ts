export type { Case } from './case/case.ts'
export { type Clause, ConformanceError } from './case/check.ts'
export { codecCases } from './codec/codec-cases.ts'
export type { CodecCaseOptions } from './codec/setup.ts'
export { detectorCases } from './detector/detector-cases.ts'
export type { DetectorCaseOptions } from './detector/setup.ts'
export {
  type DisseminatorCaseOptions,
  disseminatorCases,
} from './disseminator/disseminator-cases.ts'
export type { TransportCaseOptions } from './transport/setup.ts'
export { transportCases } from './transport/transport-cases.ts'
