import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Inputs that are kept, a line of hexadecimal digits each, in a file for each target: those in the folder `found` broke something once, and a line that begins with # says
 * what. The others reached code that none before had.
 */
export function readCorpus(folder: string, target: string): Uint8Array[] {
  return [...linesOf(join(folder, 'found', `${target}.hex`)), ...linesOf(join(folder, `${target}.hex`))].map(
    fromHex,
  )
}

/** Keeps these inputs, but for those that were found to break something: they stay where they are. */
export function writeCorpus(folder: string, target: string, inputs: readonly Uint8Array[]): void {
  const found = new Set(linesOf(join(folder, 'found', `${target}.hex`)))
  const lines = inputs.map(toHex).filter((line) => !found.has(line))
  writeFileSync(join(folder, `${target}.hex`), lines.map((line) => `${line}\n`).join(''))
}

/** Of the inputs that are new, the shortest, as many as there is room for beside those that are known. */
export function fitting(
  known: readonly Uint8Array[],
  fresh: readonly Uint8Array[],
  most: number,
): readonly Uint8Array[] {
  let left = most - known.reduce((sum, { length }) => sum + length, 0)
  return fresh
    .toSorted((a, b) => a.length - b.length)
    .filter(({ length }) => {
      left -= length
      return left >= 0
    })
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) {
    throw new TypeError(`"${text.slice(0, 40)}" is no input: must be pairs of hexadecimal digits`)
  }
  return new Uint8Array(Buffer.from(text, 'hex'))
}
