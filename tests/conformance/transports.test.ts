import { transportCases } from '@swimkit/conformance'
import { compose } from '@swimkit/core'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { describe, test } from 'vitest'

describe.each([
  { transport: 'udp', make: () => udp() },
  { transport: 'tcp', make: () => tcp() },
  { transport: 'tcp with packets', make: () => tcp({ packets: true }) },
  { transport: 'udp+tcp', make: () => compose({ packets: udp(), streams: tcp() }) },
])('the transport $transport', ({ make }) => {
  for (const { name, run } of transportCases(make)) test(name, run)
})
