/**
 * Where a node is reached. `host` is an IP literal in canonical form, IPv6 without brackets, or, for transports
 * that are not IP, whatever they use (1 to 255 bytes).
 */
export interface Address {
  readonly host: string
  /** 0..65535 */
  readonly port: number
}

/** Text that is no address. The message quotes it and says what is allowed. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
  /** What could not be read. */
  readonly text: string
  constructor(text: string, reason: string) {
    super(`cannot read address ${JSON.stringify(text)}: ${reason}`)
    this.text = text
  }
}

export interface ParseAddressOptions {
  /** Whether port 0 is allowed, as in an address to bind, where it picks a free one. Default: no. */
  readonly portZero?: boolean
}

/**
 * Reads `10.0.0.5:7946` or `[2001:db8::1]:7946` into canonical form; without a port it takes `defaultPort`.
 * Only IP literals: use {@link splitHostPort} where a host name may stand. Throws an {@link AddressError}.
 */
export function parseAddress(text: string, defaultPort?: number, options: ParseAddressOptions = {}): Address {
  const { host, port } = splitHostPort(text, defaultPort, options)
  if (ipBytes(host) === undefined)
    throw new AddressError(text, `"${host}" is a host name, and an IP address must stand here`)
  return { host, port }
}

/**
 * As {@link parseAddress}, but the host may be a name (letters, digits, `-`, `_` and `.`), which is returned as it stands
 * and not resolved. An IP literal comes back in canonical form. Throws an {@link AddressError}.
 */
export function splitHostPort(
  text: string,
  defaultPort?: number,
  options: ParseAddressOptions = {},
): Address {
  const bracketed = text.startsWith('[')
  const close = bracketed ? text.indexOf(']') : -1
  if (bracketed && close < 0) throw new AddressError(text, 'the bracket is not closed')
  const colon = bracketed ? close + 1 : text.indexOf(':')
  if (!bracketed && colon !== text.lastIndexOf(':'))
    throw new AddressError(text, 'IPv6 must be in brackets, as [::1]:7946')
  if (bracketed && colon < text.length && text[colon] !== ':')
    throw new AddressError(text, 'only a port may follow the bracket')
  const hasPort = colon >= 0 && colon < text.length
  const hostText = bracketed ? text.slice(1, close) : hasPort ? text.slice(0, colon) : text
  const host = readHost(text, hostText, bracketed)
  return { host, port: readPort(text, hasPort ? text.slice(colon + 1) : undefined, defaultPort, options) }
}

/** `10.0.0.5:7946` or `[::1]:7946`. */
export function formatAddress(address: Address): string {
  const { host, port } = address
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether both are the same host, in canonical form, and port. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host
}

/**
 * The one spelling of an IP literal: IPv4 dotted; IPv6 as RFC 5952 has it; an IPv4-mapped IPv6 address is the IPv4 address.
 * Undefined for anything else, zone ids and IPv4 numbers with leading zeros (which some read as octal) among it.
 */
export function canonicalHost(text: string): string | undefined {
  const bytes = ipBytes(text)
  return bytes === undefined ? undefined : ipText(bytes)
}

/** The 4 or 16 bytes of an IP literal, 4 for an IPv4-mapped IPv6 address; undefined for anything else. */
export function ipBytes(host: string): Uint8Array | undefined {
  if (!host.includes(':')) {
    const bytes = new Uint8Array(4)
    return putIPv4(host, 0, bytes, 0) ? bytes : undefined
  }
  const bytes = readIPv6(host)
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** The canonical literal of 4 or 16 bytes. Throws a RangeError on any other number of them. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  if (bytes.length !== 16) throw new RangeError(`an IP address must be 4 or 16 bytes, not ${bytes.length}`)
  if (isMapped(bytes)) return `${bytes[12]}.${bytes[13]}.${bytes[14]}.${bytes[15]}`
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at]! << 8) | bytes[at + 1]!)
  const { start, length } = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  const bytes = ipBytes(host)
  if (bytes === undefined) return false
  return bytes.length === 4
    ? bytes[0] === 127
    : bytes[15] === 1 && bytes.every((byte, at) => byte === 0 || at === 15)
}

/** 0.0.0.0 and ::, which can be bound and not be dialled. */
export function isWildcard(host: string): boolean {
  return ipBytes(host)?.every((byte) => byte === 0) ?? false
}

function readHost(text: string, hostText: string, bracketed: boolean): string {
  if (bracketed && hostText.includes('%')) throw new AddressError(text, 'zone ids are not supported')
  const host = canonicalHost(hostText)
  if (bracketed && (host === undefined || !hostText.includes(':')))
    throw new AddressError(text, `"${hostText}" is not an IPv6 address`)
  if (host !== undefined) return host
  if (hostText === '') throw new AddressError(text, 'the host is missing')
  // A last part of digits is never a top-level domain, so this was meant to be IPv4.
  if (/(^|\.)[0-9]+\.?$/.test(hostText)) throw new AddressError(text, `"${hostText}" is not an IPv4 address`)
  if (!/^[\w-]+(\.[\w-]+)*\.?$/.test(hostText) || hostText.length > 253)
    throw new AddressError(text, 'a host name must be 1..253 letters, digits, "-", "_" and "."')
  return hostText
}

function readPort(
  text: string,
  portText: string | undefined,
  defaultPort: number | undefined,
  options: ParseAddressOptions,
): number {
  if (portText === undefined && defaultPort === undefined) throw new AddressError(text, 'the port is missing')
  const least = options.portZero ? 0 : 1
  const port = portText === undefined ? defaultPort! : /^[0-9]{1,5}$/.test(portText) ? Number(portText) : -1
  if (!Number.isInteger(port) || port < least || port > 65_535)
    throw new AddressError(text, `port must be ${least}..65535`)
  return port
}

/** Reads dotted IPv4 from `text[start..]` into `into[at..at + 4)`. */
function putIPv4(text: string, start: number, into: Uint8Array, at: number): boolean {
  let field = 0
  let digits = 0
  let value = 0
  for (let i = start; i <= text.length; i++) {
    const digit = i === text.length ? dot : text.charCodeAt(i) - 0x30
    if (digit === dot) {
      if (digits === 0 || field > 3) return false
      into[at + field++] = value
      digits = 0
      value = 0
    } else {
      if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false
      value = value * 10 + digit
      digits++
      if (value > 255) return false
    }
  }
  return field === 4
}

const dot = '.'.charCodeAt(0) - 0x30

function readIPv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const bytes = new Uint8Array(16)
  const head = putGroups(halves[0]!, bytes, halves.length === 1)
  if (halves.length === 1) return head === 16 ? bytes : undefined
  const end = new Uint8Array(16)
  const tail = putGroups(halves[1]!, end, true)
  // "::" stands for at least one group.
  if (head < 0 || tail < 0 || head + tail > 14) return undefined
  bytes.set(end.subarray(0, tail), 16 - tail)
  return bytes
}

/** Writes groups of hex, and dotted IPv4 where it may be the last, from the start of `into`; how many bytes, or -1. */
function putGroups(text: string, into: Uint8Array, last: boolean): number {
  if (text === '') return 0
  const groups = text.split(':')
  let at = 0
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!
    if (last && i === groups.length - 1 && group.includes('.')) {
      if (at > 12 || !putIPv4(group, 0, into, at)) return -1
      return at + 4
    }
    if (at > 14 || !/^[0-9a-f]{1,4}$/i.test(group)) return -1
    const value = Number.parseInt(group, 16)
    into[at++] = value >>> 8
    into[at++] = value & 255
  }
  return at
}

/** Whether 16 bytes are ::ffff:0:0/96: an IPv4 address as a dual-stack socket reports it. */
function isMapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

/** The longest run of zeros, the first of equal ones. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  groups.forEach((group, at) => {
    if (group !== 0) start = at + 1
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start }
  })
  return best
}
