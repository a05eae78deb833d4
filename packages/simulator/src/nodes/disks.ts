import { decodeSnapshot, encodeSnapshot, type Memory, type Millis } from '@swimkit/core'
import type { SimNode } from './sim-node.ts'

const label = 'simulation'

/** What the processes of each name have saved: it outlives them. */
export class Disks {
  readonly #snapshots = new Map<string, Uint8Array>()

  /** Replaces what was saved under a node's name; `now` is the node's own clock. */
  save({ engine, name }: SimNode, now: Millis): void {
    this.#snapshots.set(name, encodeSnapshot(engine.memory(now), label))
  }

  /** What was saved last under a name. */
  read(name: string): Memory | undefined {
    const bytes = this.#snapshots.get(name)
    if (bytes === undefined) return undefined
    const memory = decodeSnapshot(bytes, label)
    if ('reason' in memory) throw new Error(`the snapshot of ${JSON.stringify(name)}: ${memory.reason}`)
    return memory
  }
}
