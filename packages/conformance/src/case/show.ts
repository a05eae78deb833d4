/** How much of a value is shown, in characters. */
const longest = 400
/** How many bytes of an array of bytes. */
const bytesShown = 24

/** A value for a person to read in a failure: bytes in hex, long ones cut, and never an exception. */
export function show(value: unknown): string {
  const text = write(value, 0)
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Uint8Array) {
    const hex = [...value.subarray(0, bytesShown)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    return `<${value.length} bytes${value.length === 0 ? '' : `: ${hex}`}${value.length > bytesShown ? ' …' : ''}>`
  }
  if (depth === 5) return '…'
  if (Array.isArray(value) || value instanceof Uint32Array) {
    return `[${Array.from(value as ArrayLike<unknown>, (each) => write(each, depth + 1)).join(', ')}]`
  }
  const fields = Object.entries(value).map(([key, each]) => `${key}: ${write(each, depth + 1)}`)
  return `{ ${fields.join(', ')} }`
}
