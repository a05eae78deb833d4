import type { Node } from '@swimkit/core'
import pc from 'picocolors'

/** What one line says of a node's health. */
export interface StatusSample {
  readonly alive: number
  readonly suspect: number
  readonly failed: number
  readonly health: number
  readonly healthMax: number
  readonly digest: string
  /** In and out, per second since the last sample. */
  readonly packetsPerSecond: number
}

/** Takes samples of a node; the rate is that since the sample before. */
export function statusSampler(
  node: Pick<Node, 'counts' | 'health' | 'settings' | 'digest' | 'stats'>,
  now: () => number,
): () => StatusSample {
  const packets = () => {
    const { packetsIn = 0, packetsOut = 0 } = node.stats().engine
    return packetsIn + packetsOut
  }
  let [lastPackets, lastAt] = [packets(), now()]
  return () => {
    const { alive, suspect, failed } = node.counts()
    const [count, at] = [packets(), now()]
    const seconds = (at - lastAt) / 1_000
    const packetsPerSecond = seconds > 0 ? Math.round((count - lastPackets) / seconds) : 0
    lastPackets = count
    lastAt = at
    return {
      alive,
      suspect,
      failed,
      health: node.health,
      healthMax: node.settings.healthMax,
      digest: node.digest,
      packetsPerSecond,
    }
  }
}

/** `5 alive · 1 suspect · 0 failed · health 0/8 · digest 1a2b3c4d · 12 packets/s`: colour only where something is wrong. */
export function statusLine(sample: StatusSample, colour: boolean): string {
  const { green, yellow, red, dim } = pc.createColors(colour)
  const { alive, suspect, failed, health, healthMax, digest, packetsPerSecond } = sample
  const bad = (text: string, wrong: boolean, paint: (text: string) => string) =>
    wrong ? paint(text) : dim(text)
  return [
    green(`${alive} alive`),
    bad(`${suspect} suspect`, suspect > 0, yellow),
    bad(`${failed} failed`, failed > 0, red),
    bad(`health ${health}/${healthMax}`, health > 0, yellow),
    dim(`digest ${digest.slice(0, 8)}`),
    dim(`${packetsPerSecond} packets/s`),
  ].join(dim(' · '))
}
