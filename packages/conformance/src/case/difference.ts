/** Where two values first differ, and in what. */
export interface Difference {
  /** As `messages[0].payload`; empty where the values themselves differ. */
  readonly path: string
  readonly actual: unknown
  readonly expected: unknown
}

/**
 * Where two values first differ; undefined where they hold the same. Primitives are compared as `Object.is` does, typed
 * arrays by their elements whatever class of bytes they are, arrays and objects by what is in them. A field that is missing is
 * the same as one that is undefined.
 */
export function difference(actual: unknown, expected: unknown, path = ''): Difference | undefined {
  if (Object.is(actual, expected)) return undefined
  const here = { path, actual, expected }
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) {
    return here
  }
  if (isNumbers(actual) || isNumbers(expected)) {
    return isNumbers(actual) && isNumbers(expected) && equalElements(actual, expected) ? undefined : here
  }
  if (Array.isArray(actual) || Array.isArray(expected)) {
    if (!Array.isArray(actual) || !Array.isArray(expected) || actual.length !== expected.length) return here
    return first(actual, (each, i) => difference(each, expected[i], `${path}[${i}]`))
  }
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)])
  return first([...keys], (key) =>
    difference(fieldOf(actual, key), fieldOf(expected, key), path === '' ? key : `${path}.${key}`),
  )
}

/** Whether two values hold the same, as {@link difference} sees it. */
export const same = (a: unknown, b: unknown): boolean => difference(a, b) === undefined

type Numbers = Uint8Array | Uint32Array

const isNumbers = (value: object): value is Numbers =>
  value instanceof Uint8Array || value instanceof Uint32Array

function equalElements(a: Numbers, b: Numbers): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

// Any object may be read field by field.
const fieldOf = (value: object, key: string): unknown => (value as Readonly<Record<string, unknown>>)[key]

function first<T>(
  all: readonly T[],
  look: (each: T, i: number) => Difference | undefined,
): Difference | undefined {
  for (const [i, each] of all.entries()) {
    const found = look(each, i)
    if (found !== undefined) return found
  }
  return undefined
}
