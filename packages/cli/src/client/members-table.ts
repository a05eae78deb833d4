import { escapeForPrint } from '@swimkit/core'
import type { MemberJson } from '../control/member-json.ts'
import { ago, type Colours, paintStatus, servicesText, tagsText } from './format.ts'
import { table } from './table.ts'

export function membersTable(members: readonly MemberJson[], colours: Colours, now: number): string {
  const sorted = [...members].sort((a, b) => (a.name < b.name ? -1 : 1))
  return table(
    ['NAME', 'ADDRESS', 'STATUS', 'FOR', 'INCARNATION', 'TAGS', 'SERVICES'].map(colours.bold),
    sorted.map((member) => [
      escapeForPrint(member.name),
      escapeForPrint(member.address),
      paintStatus(member.status, colours) + (member.leaving ? colours.dim(' leaving') : ''),
      ago(member.since, now),
      String(member.incarnation),
      tagsText(member.tags),
      servicesText(member.services),
    ]),
  )
}
