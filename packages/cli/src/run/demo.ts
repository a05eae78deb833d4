import { BindError, compose, createNode, escapeForPrint, type Node, type Settings } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { clock, coloursOf } from '../client/format.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io.ts'
import { sleep } from '../sleep.ts'

/** About five times as fast as on a local network, so that a crash is noticed while somebody watches. */
const settings: Partial<Settings> = {
  probeInterval: 200,
  probeTimeout: 100,
  gossipInterval: 50,
  suspicionMult: 3,
  indirectProbes: 2,
  syncInterval: 2_000,
  rejoinInterval: 1_000,
}

const names = ['ada', 'bob', 'cid', 'dot', 'eve'] as const

/** No step may take longer, milliseconds. Each is over within a second, unless the machine is busy with other things. */
const patience = 20_000

type Step =
  | 'start'
  | 'formed'
  | 'crash'
  | 'suspect'
  | 'failed'
  | 'evidence'
  | 'leave'
  | 'left'
  | 'return'
  | 'back'
  | 'end'

/** Tells what happens, in a line for a person or an object for a program. */
type Tell = (step: Step, text: string, fields?: Readonly<Record<string, unknown>>) => void

function teller(io: Io, json: boolean): Tell {
  const { dim, green, yellow, red, cyan } = coloursOf(io)
  const paints: Readonly<Record<Step, (text: string) => string>> = {
    start: dim,
    formed: green,
    crash: red,
    suspect: yellow,
    failed: red,
    evidence: dim,
    leave: cyan,
    left: cyan,
    return: cyan,
    back: green,
    end: (text) => text,
  }
  return (step, text, fields = {}) => {
    const at = new Date()
    if (json) io.out(`${JSON.stringify({ at: at.toISOString(), step, text, ...fields })}\n`)
    else io.out(`${dim(clock(at))}  ${paints[step](step.padEnd(8))}  ${text}\n`)
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`

/** Waits until it is so; how long that took, in milliseconds. */
async function until(what: string, signal: AbortSignal, holds: () => boolean): Promise<number> {
  const start = performance.now()
  while (!holds()) {
    if (signal.aborted) throw new CliError(1, 'interrupted')
    if (performance.now() - start > patience)
      throw new CliError(1, `${what} took more than ${patience / 1_000} s`)
    await sleep(5, signal)
  }
  return performance.now() - start
}

async function startOne(name: string, bind = '127.0.0.1:0'): Promise<Node> {
  const node = createNode({
    name,
    cluster: 'demo',
    bind,
    host: host(),
    transport: compose({ packets: udp(), streams: tcp() }),
    detector: pingAck(),
    profile: 'local',
    settings,
  })
  await node.start()
  return node
}

const seen = (nodes: Iterable<Node>, name: string, status: string): boolean =>
  [...nodes].every((node) => node.name === name || node.member(name)?.status === status)

/** A live cluster that is born, hurt and healed; resolves with the exit code. */
export async function runDemo(io: Io, json: boolean): Promise<number> {
  const tell = teller(io, json)
  const cluster = new Map<string, Node>()
  const begin = performance.now()
  try {
    await form(cluster, tell, io.interrupted)
    const address = cluster.get('eve')!.self.address
    await crash(cluster, tell, io.interrupted)
    await leave(cluster, tell, io.interrupted)
    await comeBack(cluster, address, tell, io.interrupted)
    const took = performance.now() - begin
    const { alive } = cluster.get('ada')!.counts()
    const agree = new Set([...cluster.values()].map(({ digest }) => digest)).size === 1
    tell('end', `${alive} members, ${agree ? 'all of one mind' : 'still talking'}, after ${seconds(took)}`, {
      alive,
      agree,
      seconds: took / 1_000,
    })
    if (!json)
      io.out('\nYour own: swim-cli start, and then in other terminals with --port 0 --seed 127.0.0.1:7946\n')
    return 0
  } finally {
    await Promise.all([...cluster.values()].map((node) => node.stop()))
  }
}

async function form(cluster: Map<string, Node>, tell: Tell, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  for (const node of await Promise.all(names.map((name) => startOne(name)))) cluster.set(node.name, node)
  const nodes = [...cluster.values()]
  for (const node of nodes) tell('start', `${node.name} listens at ${node.self.address}`, { node: node.name })
  const [first, ...others] = nodes
  const seed = first!.self.address
  await Promise.all(others.map((node) => node.join([seed], { signal })))
  await until('forming', signal, () =>
    nodes.every((node) => node.counts().alive === names.length && node.digest === first!.digest),
  )
  const took = performance.now() - began
  tell('formed', `all ${names.length} know each other, ${seconds(took)} after the first start`, {
    seconds: took / 1_000,
  })
}

async function crash(cluster: Map<string, Node>, tell: Tell, signal: AbortSignal): Promise<void> {
  const victim = cluster.get('eve')!
  const others = [...cluster.values()].filter((node) => node !== victim)
  await sleep(500, signal)
  const began = performance.now()
  const told = others.map((node) =>
    node.on('*', ({ type, member }) => {
      if (member.name !== 'eve' || (type !== 'suspect' && type !== 'failed')) return
      const after = performance.now() - began
      const fields = { node: node.name, member: 'eve', seconds: after / 1_000 }
      if (type === 'suspect') {
        const accusers = node.suspects().find(({ name }) => name === 'eve')?.accusers ?? []
        const who =
          accusers.length > 0
            ? ` (accused by ${accusers.map((name) => escapeForPrint(name)).join(', ')})`
            : ''
        tell('suspect', `${node.name} suspects eve${who}, ${seconds(after)} after the crash`, {
          ...fields,
          accusers,
        })
      } else {
        tell('failed', `${node.name} holds eve failed, ${seconds(after)} after the crash`, fields)
      }
    }),
  )
  tell('crash', 'eve stops without a word', { member: 'eve' })
  await victim.stop()
  cluster.delete('eve')
  await until('detecting the crash', signal, () => seen(others, 'eve', 'failed'))
  for (const stop of told) stop()
  const judge = others[0]!
  for (const { by, path, outcome } of judge.explain('eve')?.evidence.slice(-6) ?? []) {
    tell('evidence', `${judge.name} on eve: ${escapeForPrint(by)}, ${path}: ${escapeForPrint(outcome)}`, {
      node: judge.name,
      by,
      path,
      outcome,
    })
  }
}

async function leave(cluster: Map<string, Node>, tell: Tell, signal: AbortSignal): Promise<void> {
  const leaver = cluster.get('dot')!
  await sleep(500, signal)
  const began = performance.now()
  tell('leave', 'dot says goodbye', { member: 'dot' })
  const { acknowledgedBy } = await leaver.leave({ signal })
  cluster.delete('dot')
  await until('leaving', signal, () => seen(cluster.values(), 'dot', 'left'))
  await leaver.stop()
  const took = performance.now() - began
  tell(
    'left',
    `all know that dot left, ${seconds(took)} later; confirmed to it by ${acknowledgedBy.join(', ') || 'nobody'}`,
    {
      member: 'dot',
      acknowledgedBy,
      seconds: took / 1_000,
    },
  )
}

async function comeBack(
  cluster: Map<string, Node>,
  address: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  await sleep(500, signal)
  const began = performance.now()
  const eve = await startOne('eve', address).catch((error: unknown) => {
    // Another process has been given its port meanwhile.
    if (error instanceof BindError && error.code === 'in-use') return startOne('eve')
    throw error
  })
  cluster.set('eve', eve)
  const where =
    eve.self.address === address ? 'its old address' : `${eve.self.address}, as its old port is in use by now`
  tell('return', `eve is started again, at ${where}`, { member: 'eve' })
  await eve.join([cluster.get('ada')!.self.address], { signal })
  await until('coming back', signal, () => {
    const nodes = [...cluster.values()]
    return seen(nodes, 'eve', 'alive') && nodes.every(({ digest }) => digest === eve.digest)
  })
  const took = performance.now() - began
  tell('back', `all hold eve alive again, ${seconds(took)} after its start`, {
    member: 'eve',
    seconds: took / 1_000,
  })
}
