import type { Column, PeerRecord, Ref } from '@swimkit/core'
import { Peers } from '../peers.ts'

/** A column over handles that are small numbers. */
export function aColumn(initial: number): Column {
  const values = new Map<Ref, number>()
  return {
    get: (ref) => values.get(ref) ?? initial,
    set: (ref, value) => void values.set(ref, value),
  }
}

export const aRef = (n: number): Ref => n as Ref // as any small number may be one

export const aRecord = (name: string, boot: bigint): PeerRecord => ({
  name,
  boot,
  startedAt: 1,
  address: { host: '10.0.0.1', port: 1 },
  streams: true,
  leaving: false,
  protocolMin: 1,
  protocolMax: 1,
  capabilities: ['detector:gossip'],
  data: new Uint8Array(0),
  opaque: undefined,
})

/** This node, and members `m1`, `m2`, … in the rows of their numbers; their boots end in 1001, 1002, … */
export function peersOf(members: number, now = 0): Peers {
  const peers = new Peers(aColumn(0), 7)
  for (let row = 0; row <= members; row++) {
    peers.add(aRef(row), aRecord(row === 0 ? 'self' : `m${row}`, (5n << 32n) | BigInt(1_000 + row)), now)
  }
  return peers
}
