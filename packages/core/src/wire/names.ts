import { ByteTable } from './byte-table.ts'
import { maxHostBytes, maxNameBytes } from './limits.ts'

/**
 * What is wrong with a name, or undefined. A name is 1 to `maxBytes` (default 128) bytes of UTF-8 with no control, format or
 * private-use characters, no lone surrogates and no spaces or separators.
 *
 * Code points that Unicode has not assigned are let through: each runtime has its own Unicode version, and a
 * name that only some of them accept would make the others refuse every packet that carries it.
 */
export function nameProblem(name: string, maxBytes = maxNameBytes): string | undefined {
  if (name.length === 0) return 'a name must not be empty'
  if (forbidden.test(name)) return 'a name must not contain control characters or spaces'
  const bytes = name.length * 3 <= maxBytes ? 0 : utf8Length(name)
  return bytes > maxBytes ? `a name must be 1..${maxBytes} bytes, and this one is ${bytes}` : undefined
}

/** What is wrong with the host of an address that isn't IP, or undefined: 1 to 255 bytes without control characters. */
export function hostProblem(host: string): string | undefined {
  if (host.length === 0) return 'a host must not be empty'
  if (forbiddenInHosts.test(host)) return 'a host must not contain control characters'
  const bytes = utf8Length(host)
  return bytes > maxHostBytes
    ? `a host must be 1..${maxHostBytes} bytes, and this one is ${bytes}`
    : undefined
}

/** Names from the network: bytes that were seen before give the same string again, without decoding or checking them. */
export class NameTable extends ByteTable<string> {
  constructor(limit?: number) {
    super(decodeName, limit === undefined ? {} : { limit })
  }
}

/** The name in those bytes, or undefined where they are not UTF-8 or break the rule of {@link nameProblem}. */
export function decodeName(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (length === 0 || length > maxNameBytes) return undefined
  const name = decodeUtf8(bytes, start, length)
  return name === undefined || nameProblem(name) !== undefined ? undefined : name
}

/** The text in those bytes, or undefined where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, length: number): string | undefined {
  try {
    return strict.decode(bytes.subarray(start, start + length))
  } catch {
    return undefined
  }
}

/**
 * Makes text from the network safe to print: quotes, backslashes and everything that is invisible, moves the cursor or
 * turns the line around comes out as an escape, and at most `limit` characters (default 256) come out at all.
 */
export function escapeForPrint(text: string, limit = 256): string {
  const characters = Array.from(text.slice(0, 2 * limit + 2))
  const shown = characters.slice(0, limit).join('')
  const escaped = shown.replace(
    unprintable,
    (c) => shortEscapes[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`,
  )
  return characters.length > limit ? `${escaped}…` : escaped
}

/** Bytes that the text takes in UTF-8; a lone surrogate counts as the replacement character that is sent for it. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) length += 1
    else {
      length += 2
      if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++
    }
  }
  return length
}

/** The text as UTF-8, cut to at most `max` bytes at the end of a character. */
export function cutUtf8(text: string, max: number): Uint8Array {
  const bytes = encoder.encode(text)
  if (bytes.length <= max) return bytes
  let end = max
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

const encoder = new TextEncoder()
const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}]/u
const forbiddenInHosts = /[\p{Cc}\p{Cf}\p{Cs}]/u
const unprintable = /[\p{C}\p{Zl}\p{Zp}"\\]|(?! )\p{Zs}/gu
const shortEscapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
}

// ignoreBOM keeps a leading U+FEFF, which is then refused; without it two encodings would give one name.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
