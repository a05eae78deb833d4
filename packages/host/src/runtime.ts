import { versions } from 'node:process'

/** Name and version, such as `node 20.20.2`. Bun and Deno also state a Node version, that of the API they follow: it comes last. */
export function runtime(): string {
  for (const name of ['bun', 'deno', 'node']) {
    const version = versions[name]
    if (version !== undefined) return `${name} ${version}`
  }
  return 'unknown 0'
}
