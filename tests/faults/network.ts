import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Where the nodes talk to each other, and where they are talked to from outside: two wires, so that no fault hides what a node holds. */
const data = '10.77.0'
const control = '10.78.0'

/** What may be wrong with a node's link. */
export interface LinkFault {
  /** Share of packets that are lost on the way to the node and from it, percent. */
  readonly loss?: number
  /** What is lost: datagrams alone, or streams as well. */
  readonly of?: 'datagrams' | 'everything'
}

/**
 * One wire with a namespace for each node, in the namespaces of this process alone. Cuts and losses are rules of the bridge between the
 * nodes, made anew as a whole with every change.
 */
export class FaultyNetwork {
  readonly #cuts = new Map<object, readonly (readonly [from: number, to: number])[]>()
  readonly #losses = new Map<object, { readonly nodes: readonly number[] | 'all' } & Required<LinkFault>>()

  /** Makes the bridges and `nodes` namespaces. */
  constructor(nodes: number) {
    run('ip', ['link', 'set', 'lo', 'up'])
    mkdirSync('/run/netns', { recursive: true })
    run('mount', ['-t', 'tmpfs', 'swimkit-netns', '/run/netns'])
    const commands = ['link add data type bridge', 'link add control type bridge']
    commands.push('link set data up', 'link set control up', `address add ${control}.254/24 dev control`)
    for (let i = 0; i < nodes; i++) {
      commands.push(`netns add ${namespaceOf(i)}`)
      commands.push(`link add ${portOf(i)} type veth peer name data netns ${namespaceOf(i)}`)
      commands.push(`link add control${i} type veth peer name control netns ${namespaceOf(i)}`)
      commands.push(`link set ${portOf(i)} master data up`, `link set control${i} master control up`)
    }
    run('ip', ['-batch', '-'], commands)
    for (let i = 0; i < nodes; i++) {
      run(
        'ip',
        ['-n', namespaceOf(i), '-batch', '-'],
        [
          'link set lo up',
          `address add ${this.address(i)}/24 dev data`,
          `address add ${this.controlAddress(i)}/24 dev control`,
          'link set data up',
          'link set control up',
        ],
      )
    }
    this.#apply()
  }

  /** Where a node is bound. */
  address(node: number): string {
    return `${data}.${node + 1}`
  }

  /** Where its control API listens. */
  controlAddress(node: number): string {
    return `${control}.${node + 1}`
  }

  /** What to put before a command that is to run as this node. */
  prefix(node: number): readonly string[] {
    return ['nsenter', `--net=/run/netns/${namespaceOf(node)}`]
  }

  /** Nothing gets from any of the one side to any of the other, nor back unless `oneWay`. Returns how to end that. */
  cut(side: readonly number[], other: readonly number[], oneWay = false): () => void {
    const there = side.flatMap((from) => other.map((to) => [from, to] as const))
    const cut = oneWay ? there : [...there, ...there.map(([from, to]) => [to, from] as const)]
    const key = {}
    this.#cuts.set(key, cut)
    this.#apply()
    return () => {
      if (this.#cuts.delete(key)) this.#apply()
    }
  }

  /** Packets to and from these nodes are lost at random. Returns how to end that. */
  lose(nodes: readonly number[] | 'all', { loss = 0, of = 'datagrams' }: LinkFault): () => void {
    const key = {}
    this.#losses.set(key, { nodes, loss, of })
    this.#apply()
    return () => {
      if (this.#losses.delete(key)) this.#apply()
    }
  }

  /** Makes a node's link slow, both ways: `kilobits` a second, in a queue of at most 400 ms. Returns how to end that. */
  slow(node: number, kilobits: number): () => void {
    const shape = ['root', 'tbf', 'rate', `${kilobits}kbit`, 'burst', '4kb', 'latency', '400ms']
    const inside = ['-n', namespaceOf(node), 'qdisc']
    run('tc', ['qdisc', 'replace', 'dev', portOf(node), ...shape])
    run('tc', [...inside, 'replace', 'dev', 'data', ...shape])
    let lifted = false
    return () => {
      if (lifted) return
      lifted = true
      run('tc', ['qdisc', 'del', 'dev', portOf(node), 'root'])
      run('tc', [...inside, 'del', 'dev', 'data', 'root'])
    }
  }

  #apply(): void {
    const cuts = [...this.#cuts.values()].flat()
    const pairs = new Set(cuts.map(([from, to]) => `"${portOf(from)}" . "${portOf(to)}"`))
    const rules = [...this.#losses.values()].flatMap(({ nodes, loss, of }) => {
      const what = of === 'datagrams' ? 'ether type ip ip protocol udp ' : ''
      const drop = `numgen random mod 100 < ${loss} drop`
      if (nodes === 'all') return [`${what}${drop}`]
      const ports = `{ ${nodes.map((node) => `"${portOf(node)}"`).join(', ')} }`
      return [`${what}iifname ${ports} ${drop}`, `${what}oifname ${ports} ${drop}`]
    })
    run(
      'nft',
      ['-f', '-'],
      [
        'table bridge faults',
        'delete table bridge faults',
        'table bridge faults {',
        '  set cut {',
        '    type ifname . ifname',
        ...(pairs.size === 0 ? [] : [`    elements = { ${[...pairs].join(', ')} }`]),
        '  }',
        '  chain forward {',
        '    type filter hook forward priority 0; policy accept;',
        // Names of addresses are looked up anew across a cut as well, but nobody answers.
        '    iifname . oifname @cut drop',
        ...rules.map((rule) => `    ${rule}`),
        '  }',
        '}',
      ],
    )
  }
}

const namespaceOf = (node: number): string => `n${node}`
/** The bridge's end of a node's link. */
const portOf = (node: number): string => `data${node}`

export function run(program: string, args: readonly string[], input?: readonly string[]): void {
  try {
    // Most read nothing, and may be gone before anything is written to them.
    const stdin = input === undefined ? {} : { input: `${input.join('\n')}\n` }
    execFileSync(program, args, {
      ...stdin,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    })
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer } // of execFileSync
    throw new Error(`${program} ${args.join(' ')}: ${stderr?.toString().trim() || String(error)}`)
  }
}
