import { codecCases } from '@swimkit/conformance'
import { jsonCodec, swimCodec } from '@swimkit/core'
import { describe, test } from 'vitest'

describe.each([
  { codec: 'swim', make: () => swimCodec() },
  { codec: 'json', make: () => jsonCodec() },
])('the codec $codec', ({ make }) => {
  for (const { name, run } of codecCases(make)) test(name, run)
})
