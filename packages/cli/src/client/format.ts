import { escapeForPrint } from '@swimkit/core'
import pc from 'picocolors'
import type { MemberJson } from '../control/member-json.ts'
import { type Io, wantsColour } from '../io.ts'

export type Colours = ReturnType<typeof pc.createColors>

/** Colours for stdout, or none. */
export const coloursOf = (io: Io): Colours => pc.createColors(wantsColour(io.env, io.outIsTty))

/** A status in its colour. */
export function paintStatus(status: string, { green, yellow, red, dim }: Colours): string {
  switch (status) {
    case 'alive':
      return green(status)
    case 'suspect':
      return yellow(status)
    case 'failed':
      return red(status)
    default:
      return dim(escapeForPrint(status))
  }
}

/** `k=v k=v`, escaped, in the order of the keys. */
export function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.keys(tags)
    .sort()
    .map((key) => `${escapeForPrint(key)}=${escapeForPrint(tags[key] ?? '')}`)
    .join(' ')
}

export function servicesText(services: MemberJson['services']): string {
  return services
    .map(({ name, port }) => escapeForPrint(name) + (port === undefined ? '' : `:${port}`))
    .join(' ')
}

export function payloadText(member: Pick<MemberJson, 'payload' | 'payloadBase64' | 'payloadBytes'>): string {
  if (member.payload !== undefined) return escapeForPrint(member.payload, 80)
  if (member.payloadBase64 !== undefined) return `base64 ${escapeForPrint(member.payloadBase64, 80)}`
  return `${member.payloadBytes ?? 0} bytes`
}

/** How long ago, in the largest unit that fits: `12s`, `5m`, `3h`, `2d`. */
export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000))
  if (!Number.isFinite(seconds)) return '?'
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** `14:03:22.123`, local time. */
export function clock(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
