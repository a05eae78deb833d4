import { readFileSync } from 'node:fs'

/** Seconds of CPU that this process has used on all cores, user and system together. */
export function cpuSeconds(): number {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

/** Whether the garbage can be collected on demand: without, a figure for memory would be one for garbage. */
export function canCollect(): boolean {
  return collector() !== undefined
}

/** Collects twice, the second time what finalizers held; does nothing where that cannot be demanded. */
export function collectGarbage(): void {
  const collect = collector()
  collect?.()
  collect?.()
}

/**
 * Bytes in use on the heap and in array buffers after {@link collectGarbage}. Memory of the runtime outside its heap (sockets,
 * compiled code) is not in it.
 */
export function heapBytes(): number {
  collectGarbage()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Memory of the whole process, as the system sees it. */
export function residentBytes(): number {
  return process.memoryUsage.rss()
}

/**
 * Datagrams sent so far in this network namespace, or undefined where the system does not say. In a namespace that is
 * shared with others, theirs count as well.
 */
export function datagramsOut(): number | undefined {
  let text: string
  try {
    text = readFileSync('/proc/net/snmp', 'utf8')
  } catch {
    return undefined // not Linux
  }
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '))
  const sent = values?.[names?.indexOf('OutDatagrams') ?? -1]
  return sent === undefined ? undefined : Number(sent)
}

/** `--expose-gc` gives a global on Node and Deno; Bun has a function of its own. */
function collector(): (() => void) | undefined {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void }
  return Bun === undefined ? gc : () => Bun.gc(true)
}
