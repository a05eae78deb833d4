import { canonicalHost, splitHostPort } from '@swimkit/core'

/**
 * `host`, `host:port` or `[host]:port` in its parts, the host in canonical form; undefined where it is none of these. A
 * bare IPv6 literal has no port: where it ended could not be told.
 */
export function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const literal = canonicalHost(text)
  if (literal !== undefined) return { host: literal, port: undefined }
  try {
    const { host, port } = splitHostPort(text, 0, { portZero: true })
    return { host, port: /^(\[[^\]]*\]|[^:]*):/.test(text) ? port : undefined }
  } catch {
    return undefined // whoever asks says what is allowed there
  }
}
