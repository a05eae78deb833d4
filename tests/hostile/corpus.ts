import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Inputs that are kept: a line of hexadecimal digits each, in a file for each target. Lines that begin with # say something about those below. */
export function readCorpus(folder: string, target: string): Uint8Array[] {
  const path = join(folder, `${target}.hex`)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(fromHex)
}

export function writeCorpus(folder: string, target: string, inputs: readonly Uint8Array[]): void {
  writeFileSync(join(folder, `${target}.hex`), inputs.map((input) => `${toHex(input)}\n`).join(''))
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) {
    throw new TypeError(`"${text.slice(0, 40)}" is no input: must be pairs of hexadecimal digits`)
  }
  return new Uint8Array(Buffer.from(text, 'hex'))
}
