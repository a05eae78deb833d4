const MAPPED = '::ffff:'

/** `10.0.0.1` for `::ffff:10.0.0.1`, as a dual-stack socket names its IPv4 peers; any other host as it is. */
export function unmapIpv4(host: string): string {
  return host.startsWith(MAPPED) && host.includes('.') ? host.slice(MAPPED.length) : host
}

/** `::ffff:10.0.0.1` for `10.0.0.1`, as a dual-stack socket has to be told. */
export function mapIpv4(ipv4: string): string {
  return MAPPED + ipv4
}
