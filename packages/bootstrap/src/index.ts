export { type Backoff, exponentialBackoff } from './backoff.ts'
export {
  type Bootstrap,
  type BootstrapNode,
  type BootstrapOptions,
  type BootstrapState,
  bootstrap,
  type SeedControl,
} from './bootstrap.ts'
export {
  type LanCounter,
  type LanDiscovery,
  LanError,
  type LanOptions,
  type LanPresence,
  lanDiscovery,
} from './lan/lan-discovery.ts'
export type { LanPeer } from './lan/lan-message.ts'
export { parseHostPort } from './seeds/host-port.ts'
export { joinSeeds, type ResolvedSeed, resolveSeeds } from './seeds/join-seeds.ts'
export { type Resolver, systemResolver } from './seeds/resolve.ts'
export { defaultPort, parseSeed, readSeeds, type Seed, SeedError, seedAllowed } from './seeds/seed.ts'
export { SnapshotFolderError } from './snapshot/folder-error.ts'
export { type FolderSnapshots, folderSnapshots } from './snapshot/folder-snapshots.ts'
