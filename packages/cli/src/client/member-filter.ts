import { statusNames } from '@swimkit/core'
import type { MemberJson } from '../control/member-json.ts'
import { CliError, reasonOf } from '../errors.ts'

/** Which members to list; all of the conditions have to hold. */
export interface MemberFilters {
  readonly statuses: ReadonlySet<string>
  readonly tags: readonly { readonly key: string; readonly value: RegExp }[]
  readonly service: string | undefined
}

/** From the flags of `members`. Throws a {@link CliError} with exit code 2. */
export function parseFilters(flags: {
  readonly status?: readonly string[]
  readonly tag?: readonly string[]
  readonly service?: string
}): MemberFilters {
  const statuses = (flags.status ?? []).flatMap((text) => text.split(','))
  for (const status of statuses) {
    if (!(statusNames as readonly string[]).includes(status)) {
      throw new CliError(
        2,
        `--status: ${JSON.stringify(status)} is not allowed: must be ${statusNames.join(', ')}`,
      )
    }
  }
  const tags = (flags.tag ?? []).map((text) => {
    const [, key, pattern] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === undefined || pattern === undefined) {
      throw new CliError(2, `--tag: ${JSON.stringify(text)} is not allowed: must be key=regex`)
    }
    try {
      // Anchored, as Serf's: `role=web` is not to match webmaster.
      return { key, value: new RegExp(`^(?:${pattern})$`, 'u') }
    } catch (error) {
      throw new CliError(
        2,
        `--tag: ${JSON.stringify(pattern)} is not a regular expression: ${reasonOf(error)}`,
      )
    }
  })
  return { statuses: new Set(statuses), tags, service: flags.service }
}

export function passes(filters: MemberFilters, member: MemberJson): boolean {
  const { statuses, tags, service } = filters
  if (statuses.size > 0 && !statuses.has(member.status)) return false
  if (service !== undefined && !member.services.some(({ name }) => name === service)) return false
  return tags.every(({ key, value }) => Object.hasOwn(member.tags, key) && value.test(member.tags[key] ?? ''))
}
