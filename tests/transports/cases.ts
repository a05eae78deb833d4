import { composeCases } from './compose-cases.ts'
import type { Case } from './rig.ts'
import { streamCases } from './stream-cases.ts'
import { tcpPacketCases } from './tcp-packet-cases.ts'
import { udpCases } from './udp-cases.ts'

/** All that the transports must do on every runtime. */
export const cases: readonly Case[] = [...udpCases, ...streamCases, ...tcpPacketCases, ...composeCases]
