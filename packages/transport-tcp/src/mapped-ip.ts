const MAPPED = '::ffff:'

/** `10.0.0.1` for `::ffff:10.0.0.1`, as a dual-stack listener names its IPv4 peers; any other host as it is. */
export function unmapped(host: string): string {
  return host.startsWith(MAPPED) && host.includes('.') ? host.slice(MAPPED.length) : host
}
