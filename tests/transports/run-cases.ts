import process from 'node:process'
import { type Case, Scope } from './rig.ts'

/**
 * `run-cases MODULE`: runs the `cases` of that module on the runtime that it is started on, against the built packages, and prints a line of JSON for each.
 * It does not exit by itself: the process ends when no socket and no timer is left, and that is part of the test.
 */
const { cases } = (await import(process.argv[2]!)) as { cases: readonly Case[] }
for (const { name, run } of cases) {
  const scope = new Scope()
  let failure: string | undefined
  try {
    await run(scope)
    await scope.end()
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    await scope.end().catch(() => {}) // the case has failed already
  }
  console.log(JSON.stringify({ name, failure }))
}
