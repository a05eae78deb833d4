import { transportCases } from '@swimkit/conformance'
import { describe, test } from 'vitest'
import { transports } from './fixtures/transports.mjs'

describe.each(Object.entries(transports))('the transport %s', (_, make) => {
  for (const { name, run } of transportCases(make)) test(name, run)
})
