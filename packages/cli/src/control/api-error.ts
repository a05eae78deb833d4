import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { codeOf, reasonOf } from '../errors.ts'

/** What the control API answers instead: `{"error":{"code","message"}}` with this status. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** The members that it is about, if it is about any. */
  readonly members: readonly string[] | undefined
  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    members?: readonly string[],
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
    this.members = members
  }
}

/**
 * The answer for what a node threw. By name and not by class, because a program can hold two copies of core.
 * Undefined where it is a fault of ours.
 */
export function toApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof Error)) return undefined
  switch (error.name) {
    case 'NodeStateError':
      return new ApiError(409, 'state', reasonOf(error))
    case 'NameConflictError':
      return new ApiError(409, 'name-conflict', reasonOf(error))
    case 'TooLargeError':
      return new ApiError(413, 'too-large', reasonOf(error))
    case 'StoppedError':
      return new ApiError(503, 'stopped', reasonOf(error))
    case 'RotationError':
      return new ApiError(409, 'rotation', reasonOf(error), {}, membersOf(error))
    case 'KeyError':
    case 'OptionError':
    case 'MemberDataError':
      return new ApiError(400, 'invalid', reasonOf(error))
    case 'SwitchError': {
      const unknown = codeOf(error) === 'unknown-detector'
      return new ApiError(
        unknown ? 400 : 409,
        codeOf(error) ?? 'detector-missing',
        reasonOf(error),
        {},
        membersOf(error),
      )
    }
    case 'PingError': {
      const code = codeOf(error) ?? 'timeout'
      return new ApiError(code === 'unknown-member' ? 404 : 504, code, reasonOf(error))
    }
    case 'ForceLeaveError': {
      const code = codeOf(error) ?? 'unknown-member'
      return new ApiError(code === 'unknown-member' ? 404 : 409, code, reasonOf(error))
    }
    case 'SendError':
      return new ApiError(503, codeOf(error) ?? 'busy', reasonOf(error), { 'retry-after': '1' })
    case 'RttError': {
      const code = codeOf(error) ?? 'no-coordinate'
      return new ApiError(code === 'unknown-member' ? 404 : 409, code, reasonOf(error))
    }
    default:
      return undefined
  }
}

/** A list of names that an error carries. */
function membersOf(error: Error): readonly string[] | undefined {
  const { members } = error as { readonly members?: unknown }
  return Array.isArray(members) && members.length > 0 ? members.map(String) : undefined
}
