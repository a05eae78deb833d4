import type { Clause } from '../case/check.ts'

const clause = (of: string, says: string): Clause => ({ of, says })

/** What `Detector`, `DetectorHooks` and `DetectorContext` promise and ask, in the words of their documentation. */
export const contract = {
  api: clause('pluginApi', 'The contract that this build speaks with its plugins.'),
  detector: clause('Detector', 'Decides whom to look at, when, and what it means.'),
  many: clause('Detector', 'Stateless until attached: one detector object can serve many nodes.'),
  name: clause(
    'Detector.name',
    "Its name in the cluster's configuration, in capabilities and on the wire as its channel: 1 to 32 bytes.",
  ),
  marks: clause('docs/design.md', 'A detector never marks a member.'),
  clock: clause('docs/design.md, Time', 'The engine never asks what time it is.'),
  arm: clause(
    'DetectorContext.arm',
    'Calls `onTimer(tag, arg, …)` once at the instant; returns what `disarm` takes.',
  ),
  stop: clause('DetectorHooks.stop', 'Timers, pings and looks of the detector are ended by the core.'),
  ended: clause('DetectorContext.arm', 'Timers end with `stop`.'),
  carries: clause('DetectorContext', 'Whether the transport carries packets, and streams.'),
  via: clause('PingOptions.via', 'Whom to ask, for an indirect ping.'),
  timeout: clause('PingOptions.timeout', 'How long to wait'),
  void: clause('PingOutcomeKind', '`void`: this node stalled while it waited, so it says nothing.'),
  seen: clause(
    'Observation',
    'What was observed: of which incarnation and boot, as they were when the look began.',
  ),
  unreachable: clause(
    'DetectorContext.unreachable',
    'It did not answer. The core decides what that means; a member that has since refuted is not touched.',
  ),
  message: clause(
    'DetectorHooks.onMessage',
    'Something from the same detector of another member. `from` is undefined for one that is not known.',
  ),
  status: clause(
    'DetectorHooks.onStatus',
    '`before` is undefined for a new member, `after` for one that was removed.',
  ),
  random: clause('Random', 'Seeded randomness: the same seed gives the same run, on every runtime.'),
  period: clause(
    'Settings.probeInterval',
    'Period of probing: one member is looked at per period. Detection time is proportional to it, load inversely.',
  ),
  active: clause('MemberView.active', 'A counter, never a scan.'),
} as const satisfies Record<string, Clause>
