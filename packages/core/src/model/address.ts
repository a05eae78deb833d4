/**
 * Where a node is reached. `host` is an IP literal in canonical form, IPv6 without brackets, or, for transports
 * that are not IP, whatever they use (1 to 255 bytes).
 */
export interface Address {
  readonly host: string
  /** 0..65535 */
  readonly port: number
}
