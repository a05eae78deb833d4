import { capabilityOf } from '../engine/configuration.ts'
import { maxProtocol, minProtocol } from '../engine/protocol-version.ts'
import { createRandom, type Random } from '../engine/random.ts'
import type { Address } from '../model/address.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import type { Detector } from './api.ts'
import type { Host } from './host.ts'

/** What a node that starts says of itself. */
export function ownRecord(
  host: Host,
  name: string,
  address: Address,
  detectors: readonly Detector[],
  data: Uint8Array,
): PeerRecord {
  return {
    name,
    boot: drawBoot(host),
    startedAt: host.wallMillis(),
    address,
    // Others find out whether streams reach it.
    streams: false,
    leaving: false,
    protocolMin: minProtocol,
    protocolMax: maxProtocol,
    capabilities: detectors.map((detector) => capabilityOf(detector.name)),
    data,
    opaque: undefined,
  }
}

/** Randomness that nobody can foresee, of the host's. */
export const randomOf = (host: Host): Random => createRandom(entropyWords(host))

/** 64 random bits; 0 is kept for wire formats without boots. */
function drawBoot(host: Host): Boot {
  const [high, low] = entropyWords(host)
  const boot = (BigInt(high!) << 32n) | BigInt(low!)
  return boot === 0n ? 1n : boot
}

function entropyWords(host: Host): number[] {
  const bytes = host.entropy(16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [0, 4, 8, 12].map((at) => view.getUint32(at))
}
