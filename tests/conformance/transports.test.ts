import { transportCases } from '@swimkit/conformance'
import { compose } from '@swimkit/core'
import { aesGcm, Keyring, sealedTransport } from '@swimkit/security'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { describe, test } from 'vitest'

const key = new Uint8Array(32).fill(7)

describe.each([
  { transport: 'udp', make: () => udp() },
  { transport: 'tcp', make: () => tcp() },
  { transport: 'tcp with packets', make: () => tcp({ packets: true }) },
  { transport: 'udp+tcp', make: () => compose({ packets: udp(), streams: tcp() }) },
  {
    transport: 'sealed-udp+tcp',
    make: () =>
      sealedTransport(compose({ packets: udp(), streams: tcp() }), { sealer: aesGcm(new Keyring([key])) }),
  },
])('the transport $transport', ({ make }) => {
  for (const { name, run } of transportCases(make)) test(name, run)
})
