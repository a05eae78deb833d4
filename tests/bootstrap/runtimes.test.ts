import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { runtimes } from '../transports/runtimes.ts'
import { cases } from './cases.ts'

interface Result {
  readonly name: string
  readonly failure?: string
}

const script = fileURLToPath(new URL('run-cases.ts', import.meta.url))

describe.concurrent.each(runtimes.filter(({ name }) => name !== 'node'))(
  'finding a cluster on $name',
  ({ command, args }) => {
    let results: readonly Result[]

    beforeAll(async () => {
      // It rejects unless the process ends by itself, with code 0: nothing keeps it alive once all is closed.
      const { stdout } = await promisify(execFile)(command, [...args, script], { timeout: 100_000 })
      results = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Result) // the lines that run-cases.ts writes
    })

    it.each(cases)('$name', ({ name }) => {
      expect(results.find((result) => result.name === name)).toEqual({ name })
    })
  },
)
