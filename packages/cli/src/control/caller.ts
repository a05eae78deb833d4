import { sourceOf } from '@swimkit/core'

/** What is known of whoever sent a request, beside what it says itself. */
export interface Caller {
  /** By which requests are counted: an IPv4 address, the /64 network of an IPv6 address, `unix`, or `unknown` where the connection has gone. */
  readonly source: string
}

export const callerAt = (remoteAddress: string | undefined): Caller => ({
  source: remoteAddress === undefined ? 'unknown' : sourceOf(remoteAddress),
})
