export { detectionBound, type Group, type Rates } from './bound.ts'
export { gossip, gossip as default } from './gossip.ts'
export type { GossipOptions } from './options.ts'
