/**
 * What a node holds of a member, worst last. The numbers are the merge order at equal
 * incarnation (see {@link supersedes}) and travel on the wire; the public API shows the names.
 */
export const Status = { Alive: 0, Suspect: 1, Failed: 2, Left: 3 } as const
export type Status = (typeof Status)[keyof typeof Status]

/** The status as the public API, the command line and the events spell it. */
export type StatusName = 'alive' | 'suspect' | 'failed' | 'left'

export const statusNames: readonly [StatusName, StatusName, StatusName, StatusName] = [
  'alive',
  'suspect',
  'failed',
  'left',
]

/** Bit of a status in a set of statuses, as samplers take it. */
export const statusBit = (status: Status): number => 1 << status

/** The members a node still works with: they are probed, gossiped to and counted as the cluster's size. */
export const activeStatuses: number = statusBit(Status.Alive) | statusBit(Status.Suspect)

/**
 * Whether a claim replaces what is known of the same member (SWIM §4.2).
 * A higher incarnation always wins; at the same incarnation the worse status wins.
 */
export function supersedes(
  knownStatus: Status,
  knownIncarnation: number,
  heardStatus: Status,
  heardIncarnation: number,
): boolean {
  return heardIncarnation === knownIncarnation
    ? heardStatus > knownStatus
    : heardIncarnation > knownIncarnation
}
