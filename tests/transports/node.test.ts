import { describe, it } from 'vitest'
import { cases } from './cases.ts'
import { Scope } from './rig.ts'

describe('transports on Node', () => {
  it.each(cases)('$name', async ({ run }) => {
    const scope = new Scope()
    try {
      await run(scope)
    } finally {
      await scope.end()
    }
  })
})
