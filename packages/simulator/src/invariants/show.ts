import { type Status, statusNames } from '@swimkit/core'
import type { Entry } from './process.ts'

export const showClaim = (status: Status, incarnation: number): string =>
  `${statusNames[status]}@${incarnation}`

/** `suspect@18, record of 17`. */
export function showEntry(entry: Entry | undefined): string {
  if (entry === undefined) return 'nothing'
  const { incarnation, recordIncarnation, status } = entry
  const claim = showClaim(status, incarnation)
  return recordIncarnation === incarnation ? claim : `${claim} with the record of ${recordIncarnation}`
}
