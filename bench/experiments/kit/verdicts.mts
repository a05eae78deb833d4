import { type Engine, Status } from '@swimkit/core'

/** Whether a node holds the member of that name failed. */
export function holdsFailed({ members }: Engine, name: string): boolean {
  const ref = members.find(name)
  return ref !== undefined && members.status(ref) === Status.Failed
}
