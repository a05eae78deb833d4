import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Case, Scope } from './rig.ts'
import { runtimes } from './runtimes.ts'

interface Result {
  readonly name: string
  readonly failure?: string
}

const script = fileURLToPath(new URL('run-cases.ts', import.meta.url))

/** A test of each case, on the Node that runs the tests. */
export function onNode(what: string, cases: readonly Case[]): void {
  describe(`${what} on Node`, () => {
    it.each(cases)('$name', async ({ run }) => {
      const scope = new Scope()
      try {
        await run(scope)
      } finally {
        await scope.end()
      }
    })
  })
}

/** A test of each case on Bun and on Deno, in one process of each. `module` exports the cases. */
export function elsewhere(what: string, cases: readonly Case[], module: URL): void {
  describe.concurrent.each(runtimes.filter(({ name }) => name !== 'node'))(
    `${what} on $name`,
    ({ command, args }) => {
      let results: readonly Result[]

      beforeAll(async () => {
        // It rejects unless the process ends by itself, with code 0: nothing keeps it alive once all is closed.
        const { stdout } = await promisify(execFile)(command, [...args, script, module.href], {
          timeout: 100_000,
        })
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
}
