import type { Service } from '@swimkit/core'

/** `name` or `name:port`; undefined for anything else. */
export function parseService(text: string): Service | undefined {
  const match = /^([\w.-]{1,64})(?::(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const [, name = '', digits] = match
  if (digits === undefined) return { name }
  const port = Number(digits)
  return port >= 1 && port <= 65_535 ? { name, port } : undefined
}
