/**
 * Where a node keeps, over a restart, what it knows: one snapshot, which each save replaces. `@swimkit/bootstrap` has one for a folder. The node
 * calls one method at a time.
 */
export interface SnapshotStore {
  /** The latest snapshot, whole; undefined where there is none. Rejects where it cannot be read: the node then does not start. */
  load(): Promise<Uint8Array | undefined>
  /** Replaces it, whole or not at all: once this has resolved, it outlives a crash. */
  save(bytes: Uint8Array): Promise<void>
  /** Puts what `load` gave elsewhere, as it cannot be used, so that no save destroys it. Resolves with where it is now, for a log line. */
  setAside(): Promise<string>
}
