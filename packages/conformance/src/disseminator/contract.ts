import type { Clause } from '../case/check.ts'

const clause = (of: string, says: string): Clause => ({ of, says })

/** What `Disseminator` and `QueuedUpdate` promise, in the words of their documentation. */
export const contract = {
  key: clause(
    'QueuedUpdate',
    'Whom it is about. With `subject` the key: a newer update replaces one of the same key.',
  ),
  subject: clause(
    'UpdateSubject',
    'Encoded claims of two kinds ride on their own: newer data of a member must not replace news of its status.',
  ),
  done: clause(
    'QueuedUpdate.done',
    'Called once: after its last transmission, or when it was replaced or dropped.',
  ),
  push: clause('Disseminator.push', 'Queues an update; one of the same key is replaced, in O(1).'),
  budget: clause(
    'Disseminator.fill',
    'Puts updates that together fit `budget` bytes (`partOverhead` for each included) at the end of `out`, counts one transmission of each, and returns the bytes used.',
  ),
  order: clause(
    'Disseminator.fill',
    'Least sent first; an update is let go after `limit` transmissions; gives up early when little fits.',
  ),
  self: clause('Disseminator.fill', 'Nothing about `to` itself: it is told by the buddy rule.'),
  drop: clause('Disseminator.drop', 'Forgets what is queued about a member.'),
  backlog: clause('Disseminator.backlog', 'Updates queued.'),
  bounded: clause('docs/design.md, Bounds', 'Everything that a network can fill has a limit and a counter'),
} as const satisfies Record<string, Clause>
