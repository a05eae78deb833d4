import { describe, it } from 'vitest'
import { Scope } from '../transports/rig.ts'
import { cases } from './cases.ts'

describe('finding a cluster on Node', () => {
  it.each(cases)('$name', async ({ run }) => {
    const scope = new Scope()
    try {
      await run(scope)
    } finally {
      await scope.end()
    }
  })
})
