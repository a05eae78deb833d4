import type { Transport } from '@swimkit/core'
import type { Case } from '../case/case.ts'
import { bothCases, diallingCases, noStreamCases } from './dialling.ts'
import { lifecycleCases } from './lifecycle.ts'
import { noPacketCases, packetCases } from './packets.ts'
import { setUp, type TransportCaseOptions } from './setup.ts'
import { streamCases } from './streams.ts'

/**
 * What every `Transport` must do, for what this one says that it carries: without packets (`maxPacketBytes: 0`) or
 * streams there is one case that it indeed carries none.
 *
 * `make` gives a new transport each time it is called; those must be able to reach one another. It is called once to see what is
 * carried, and by each case as often as it needs.
 */
export function transportCases(make: () => Transport, options: TransportCaseOptions = {}): Case[] {
  const setup = setUp(make, options)
  const packets = setup.maxPacketBytes > 0
  return [
    ...lifecycleCases(setup),
    ...(packets ? packetCases(setup) : []),
    ...(setup.streams ? [...streamCases(setup), ...diallingCases(setup)] : noStreamCases(setup)),
    ...(packets && setup.streams ? bothCases(setup) : []),
    ...(!packets && setup.streams ? noPacketCases(setup) : []),
  ]
}
