export type { Resolver } from '@swimkit/bootstrap'
export type { Readiness } from './control/app.ts'
export type { MemberEventJson, MemberJson } from './control/member-json.ts'
export { type Control, type ControlOptions, startControl } from './control/start-control.ts'
