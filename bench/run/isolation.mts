import { ChildError, runChild } from './child.mts'

/**
 * Where a measured process runs. In a network namespace of its own it has all ports, its datagrams are the only ones
 * counted, and it may silence hosts; the namespace ends with the process, so that nothing is left behind whatever happens.
 */
export interface Isolation {
  /** In front of a command line: what enters the namespace. Empty: there is none. */
  readonly enter: readonly string[]
  /** Whether packets can be dropped there. */
  readonly silence: boolean
  /** What is not to be had, and how it is. */
  readonly missing: readonly string[]
}

/** As root, or as an ordinary user where the system lets such users be root of their own namespaces. */
const ways = [
  ['unshare', '--net'],
  ['unshare', '--map-root-user', '--net'],
]
/** Brings loopback up, and becomes the command: no process stands in between. */
const withLoopback = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

export async function findIsolation(): Promise<Isolation> {
  const problems: string[] = []
  for (const way of ways) {
    const enter = [...way, ...withLoopback]
    const problem = await problemOf([...enter, 'true'])
    if (problem !== undefined) {
      problems.push(problem)
      continue
    }
    const nft = await problemOf([...enter, 'nft', 'add table inet probe'])
    if (nft === undefined) return { enter, silence: true, missing: [] }
    return {
      enter,
      silence: false,
      missing: [`hosts that go silent: nftables does not work (${nft}); apt-get install nftables`],
    }
  }
  return {
    enter: [],
    silence: false,
    missing: [
      `network namespaces, and with them memberlist's datagrams and hosts that go silent: ${problems.join('; ')}. Run as root, with util-linux and iproute2`,
    ],
  }
}

async function problemOf(command: readonly string[]): Promise<string | undefined> {
  try {
    await runChild(command, { limit: 10_000 })
    return undefined
  } catch (error) {
    if (error instanceof ChildError) return error.message
    throw error
  }
}
