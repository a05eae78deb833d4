import type { Case } from '@swimkit/conformance'

/** The cases that fail, with why. */
export async function failing(cases: readonly Case[]): Promise<Record<string, unknown>> {
  const failures: Record<string, unknown> = {}
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      failures[name] = error
    }
  }
  return failures
}
