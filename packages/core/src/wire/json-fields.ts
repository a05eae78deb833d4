import { noBytes } from './byte-reader.ts'
import { maxNameBytes, maxU32 } from './limits.ts'
import { nameProblem } from './names.ts'

export interface JsonObject {
  readonly [key: string]: unknown
}

/**
 * Reads fields of parsed JSON as {@link ByteReader} reads bytes: it never throws; the first field that is not as
 * it must be is noted in {@link problem}, and the value then is zero or empty.
 */
export class JsonFields {
  problem: string | undefined

  fail(problem: string): void {
    this.problem ??= problem
  }

  object(value: unknown): JsonObject {
    // Any object can be asked for any key, and whatever is there is checked when it's read.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
    this.fail('an object is missing')
    return {}
  }

  array(from: JsonObject, key: string, least: number, most: number): readonly unknown[] {
    const value = from[key]
    if (Array.isArray(value) && value.length >= least && value.length <= most) return value
    this.fail(`${key} must be an array of ${least}..${most}`)
    return []
  }

  bool(from: JsonObject, key: string): boolean {
    if (typeof from[key] !== 'boolean') this.fail(`${key} must be true or false`)
    return from[key] === true
  }

  whole(from: JsonObject, key: string, max: number = maxU32, least = 0): number {
    const value = from[key]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= max)
      return value
    this.fail(`${key} must be a whole number in ${least}..${max}`)
    return least
  }

  text(from: JsonObject, key: string): string {
    const value = from[key]
    if (typeof value === 'string') return value
    this.fail(`${key} must be text`)
    return ''
  }

  name(from: JsonObject, key: string, maxBytes: number = maxNameBytes): string {
    const name = this.text(from, key)
    const problem = nameProblem(name, maxBytes)
    if (problem !== undefined) this.fail(`${key}: ${problem}`)
    return name
  }

  boot(from: JsonObject, key: string): bigint {
    const digits = this.text(from, key)
    if (/^[0-9a-f]{16}$/.test(digits)) return BigInt(`0x${digits}`)
    this.fail(`${key} must be 16 hex digits`)
    return 0n
  }

  bytes(from: JsonObject, key: string, max: number): Uint8Array {
    const bytes = readBytes(this.text(from, key))
    if (bytes !== undefined && bytes.length <= max) return bytes
    this.fail(`${key} must be at most ${max} bytes, as text:... or hex:...`)
    return noBytes
  }

  /** What `read` makes of it, or undefined where there is none. */
  optional<T>(from: JsonObject, key: string, read: () => T): T | undefined {
    return from[key] === undefined ? undefined : read()
  }
}

/** JSON of plain data, with bigints as 16 hex digits, and bytes as `text:` where they are printable ASCII and else as `hex:`. */
export function toJson(value: object): string {
  return JSON.stringify(value, function (this: JsonObject, key, converted: unknown) {
    // Not `converted`: a Node Buffer has turned itself into something else by then.
    const raw = this[key]
    if (typeof raw === 'bigint') return raw.toString(16).padStart(16, '0')
    if (raw instanceof Uint8Array) return showBytes(raw)
    if (raw instanceof Uint32Array) return Array.from(raw)
    return converted
  })
}

function showBytes(bytes: Uint8Array): string {
  let text = 'text:'
  let hex = 'hex:'
  let printable = true
  for (const byte of bytes) {
    hex += hexOf[byte]
    printable &&= byte >= 0x20 && byte < 0x7f
    if (printable) text += String.fromCharCode(byte)
  }
  return printable ? text : hex
}

function readBytes(text: string): Uint8Array | undefined {
  if (/^text:[ -~]*$/.test(text)) return Uint8Array.from(text.slice(5), (c) => c.charCodeAt(0))
  if (!/^hex:([0-9a-f]{2})*$/.test(text)) return undefined
  const bytes = new Uint8Array((text.length - 4) / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = 16 * digitAt(text, 4 + 2 * i) + digitAt(text, 5 + 2 * i)
  return bytes
}

/** Of a hex digit in lower case. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 0x3a ? code - 0x30 : code - 0x57
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
