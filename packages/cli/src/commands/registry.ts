import type { Command } from 'commander'
import type { Io } from '../io.ts'

/** What a file in this folder exports: adds its options and its action to a command. */
export interface CommandModule {
  /** `exit` sets an exit code other than 0 for a command that ran to its end. */
  configure(command: Command, io: Io, exit: (code: number) => void): void
}

export interface CommandEntry {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  /** Loaded only when the command is the one that was asked for. */
  load(): Promise<CommandModule>
}

/** Every command, in the order in which help lists them. A new one is a file and a line here. */
export const commands: readonly CommandEntry[] = [
  { name: 'start', summary: 'run a node', load: () => import('./start.ts') },
  {
    name: 'demo',
    summary: 'a live cluster in one command, told as it happens',
    load: () => import('./demo.ts'),
  },
  {
    name: 'members',
    aliases: ['list_mem'],
    summary: 'list the members a node knows',
    load: () => import('./members.ts'),
  },
  { name: 'self', aliases: ['list_self'], summary: 'show a node itself', load: () => import('./self.ts') },
  {
    name: 'suspects',
    aliases: ['display_suspects'],
    summary: 'list suspicions under way',
    load: () => import('./suspects.ts'),
  },
  {
    name: 'protocol',
    aliases: ['display_protocol'],
    summary: 'show the detector and its settings',
    load: () => import('./protocol.ts'),
  },
  {
    name: 'services',
    summary: 'list who offers which service, or change what a node offers',
    load: () => import('./services.ts'),
  },
  { name: 'explain', summary: 'show why a member has its status', load: () => import('./explain.ts') },
  { name: 'events', summary: 'follow changes of the membership', load: () => import('./events.ts') },
  {
    name: 'keys',
    summary: 'show which member holds which key, or exchange keys',
    load: () => import('./keys.ts'),
  },
  { name: 'keygen', summary: 'make a key for a cluster', load: () => import('./keygen.ts') },
  {
    name: 'broadcast',
    summary: 'tell all members of something that happened',
    load: () => import('./broadcast.ts'),
  },
  {
    name: 'query',
    summary: 'ask members something, and gather what they answer',
    load: () => import('./query.ts'),
  },
  { name: 'ping', summary: 'ping a member', load: () => import('./ping.ts') },
  { name: 'rtt', summary: 'show the round trip between two members', load: () => import('./rtt.ts') },
  {
    name: 'switch',
    summary: 'switch the whole cluster to another detector, or its suspicion phase on or off',
    load: () => import('./switch.ts'),
  },
  { name: 'join', summary: 'join the cluster of these addresses', load: () => import('./join.ts') },
  { name: 'seeds', summary: 'show or replace the seeds of a node', load: () => import('./seeds.ts') },
  { name: 'leave', summary: 'leave the cluster, then end the node', load: () => import('./leave.ts') },
  {
    name: 'force-leave',
    summary: 'tell the cluster that a member is gone for good',
    load: () => import('./force-leave.ts'),
  },
  { name: 'stop', summary: 'end the node without a word to the cluster', load: () => import('./stop.ts') },
  { name: 'tags', summary: 'show or change the tags of a node', load: () => import('./tags.ts') },
  { name: 'payload', summary: 'show or set the payload of a node', load: () => import('./payload.ts') },
  {
    name: 'drop-rate',
    summary: 'show or set the share of packets dropped on purpose',
    load: () => import('./drop-rate.ts'),
  },
  {
    name: 'simulate',
    summary: 'run a cluster on a virtual clock and network, and measure it',
    load: () => import('./simulate.ts'),
  },
  { name: 'plugins', summary: 'list detectors, transports and codecs', load: () => import('./plugins.ts') },
]
