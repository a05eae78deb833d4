import type { Scenario } from '@swimkit/simulator'
import { test } from 'vitest'
import { runSchedule, type Schedule } from './schedule.ts'

/** Schedules that once failed, as small as they could be made, by what they showed. */
const regressions: readonly (readonly [showed: string, scenario: Scenario, rest?: Partial<Schedule>])[] = [
  ...[1, 6, 13].map((seed): (typeof regressions)[number] => [
    `a second process took a member's place as it told of itself before its introducer had looked (seed ${seed})`,
    {
      nodes: 3,
      seed,
      seeds: ['n0', 'n1', 'n2'],
      settings: { rejoinInterval: 2_000, suspicionMaxMult: 1, healthMax: 0 },
      network: { latency: { kind: 'uniform', min: 1, max: 40 } },
      steps: [
        { at: 16_888, do: 'rival', node: 'n1', via: 'n0' },
        { at: 16_889, do: 'update', node: 'n1', text: '2' },
      ],
    },
    { look: 'ring-successor' },
  ]),
  [
    'a process that had lost its name to one that started before it never heard of that, as nobody believed the other',
    {
      nodes: 3,
      seed: 1,
      seeds: ['n0', 'n1', 'n2'],
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'crash', node: 'n0' },
        { at: 2, do: 'add', node: 'new0', via: 'n0', insteadOf: 'n0' },
        { at: 2, do: 'add', node: 'new1', via: 'n0' },
        { at: 3, do: 'rival', node: 'new1', via: 'n0', clock: -3_600 },
      ],
    },
    { look: 'ring-successor' },
  ],
  [
    'a member that was forced out and pruned, and then left by itself, was forgotten at once',
    {
      nodes: 3,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000, gossipFanout: 1 },
      steps: [
        { at: 1, do: 'forceLeave', node: 'n0', member: 'n2', prune: true },
        { at: 202, do: 'leave', node: 'n2' },
      ],
    },
    { look: 'ring-successor' },
  ],
  [
    'a node that left and runs on was taken in again by all, from one who had not heard of it and went on getting its acks',
    {
      nodes: 11,
      seed: 6_303_725,
      seeds: [],
      settings: { leftRetention: 10_000, rejoinInterval: 2_000 },
      steps: [
        { at: 2, do: 'leave', node: 'n4' },
        { at: 3, do: 'leave', node: 'n0' },
      ],
    },
  ],
  [
    'a member that was failed, and dialled back at the door, was not told so',
    {
      nodes: 3,
      seed: 1,
      settings: { rejoinInterval: 2_000 },
      steps: [{ at: 1, do: 'partition', groups: [['n0', 'n1'], ['n2']], for: 7_877 }],
    },
  ],
  [
    'a suspicion that began by what was let in first got the time of the stall on top',
    {
      nodes: 3,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000, probeInterval: 500 },
      steps: [
        { at: 1, do: 'partition', groups: [['n2'], ['n0', 'n1']] },
        { at: 1, do: 'pause', node: 'n0', for: 707 },
      ],
    },
  ],
  [
    'of two nodes that are left over, one kept an update about the other queued for ever',
    {
      nodes: 3,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'leave', node: 'n0' },
        { at: 1, do: 'blockIo', node: 'n1', for: 877 },
      ],
    },
  ],
  [
    'a failure that was heard by sync alone counted towards the quorum',
    {
      nodes: 3,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000, suspicionQuorum: 1 },
      steps: [
        { at: 5_417, do: 'links', to: 'n0', change: { cut: 'packets' } },
        { at: 7_918, do: 'crash', node: 'n1' },
      ],
    },
  ],
  [
    'a member that failed anew at a newer incarnation kept the age of its earlier failure',
    {
      nodes: 9,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000, suspicionQuorum: 1, failedRetention: 20_000 },
      steps: [
        { at: 1, do: 'partition', groups: [['n2', 'n3', 'n4', 'n7', 'n8'], ['n0', 'n5'], ['n1']] },
        { at: 2, do: 'update', node: 'n0', text: '1' },
        { at: 17_554, do: 'pause', node: 'n0' },
        { at: 17_554, do: 'drift', node: 'n5', rate: 2, for: 2_998 },
      ],
    },
  ],
  [
    'a dead member whose retention is shorter than its news takes was taken in again and again for ever',
    {
      nodes: 9,
      seed: 1,
      settings: { rejoinInterval: 2_000, suspicionQuorum: 1, syncInterval: 5_000, failedRetention: 0 },
      steps: [
        { at: 1, do: 'crash', node: 'n4' },
        { at: 2, do: 'add', node: 'new1', via: 'n0', insteadOf: 'n4' },
      ],
    },
  ],
  [
    'a node that was behind with its timers sent an entry past its retention',
    {
      nodes: 3,
      seed: 558_029_822,
      seeds: [],
      settings: {
        rejoinInterval: 2_000,
        suspicionQuorum: 1,
        retransmitMult: 2,
        syncInterval: 5_000,
        failedRetention: 3_000,
      },
      network: { duplicate: 1 },
      steps: [
        { at: 75, do: 'slow', node: 'n2', by: 256, for: 25_313 },
        { at: 17_522, do: 'crash', node: 'n0' },
      ],
    },
  ],
  [
    'a confirmation that came after the time it left looked like a stall of the node that heard it',
    {
      nodes: 4,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'blockIo', node: 'n1', for: 6_615 },
        { at: 1, do: 'blockIo', node: 'n0', for: 2_615 },
      ],
    },
  ],
  [
    'a newcomer that nobody could reach became a member by its own gossip',
    {
      nodes: 3,
      seed: 1,
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'add', node: 'new0', via: 'n0', unreachable: true },
        { at: 2, do: 'update', node: 'new0', text: '1' },
      ],
    },
  ],
  [
    'a helper did not tell whom it answered what it had come to hold against it since it was asked',
    {
      nodes: 9,
      seed: 380_669_995,
      seeds: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'],
      settings: { rejoinInterval: 2_000, failedRetention: 3_000 },
      network: { latency: { kind: 'constant', ms: 0 } },
      steps: [
        { at: 11_349, do: 'leave', node: 'n0' },
        { at: 11_350, do: 'blockIo', node: 'n8', for: 9_670 },
        { at: 11_350, do: 'pause', node: 'n2' },
        {
          at: 11_351,
          do: 'partition',
          groups: [['n0', 'n1', 'n2', 'n4', 'n5', 'n7', 'n8'], ['n3']],
          for: 643,
        },
      ],
    },
  ],
  [
    'a process that started with its clock set back and left at once was alive for ever by the claims of its earlier boot',
    {
      nodes: 3,
      seed: 1,
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'restart', node: 'n2', via: 'n0', address: 'same', clock: -3_600 },
        { at: 2, do: 'leave', node: 'n2' },
      ],
    },
  ],
  [
    'an update never ended whose last listener left before it was told',
    {
      nodes: 2,
      seed: 1,
      seeds: [],
      settings: { rejoinInterval: 2_000 },
      steps: [
        { at: 1, do: 'update', node: 'n1', text: '1' },
        { at: 1, do: 'leave', node: 'n0' },
      ],
    },
  ],
  [
    'one that had left and came back under a name that was taken told all members so before anybody had looked',
    {
      nodes: 7,
      seed: 1,
      seeds: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'],
      settings: { rejoinInterval: 2_000, suspicionMaxMult: 1, streamTimeout: 2_000 },
      steps: [
        { at: 1, do: 'rival', node: 'n2', via: 'n0' },
        { at: 1, do: 'leave', node: 'n2' },
        { at: 14_997, do: 'join', node: 'n2', via: 'n0' },
      ],
    },
  ],
  [
    'one that answered a sync under the name of another that lives was believed by who had asked',
    {
      nodes: 4,
      seed: 360058908,
      seeds: ['n0', 'n1', 'n2', 'n3'],
      settings: { rejoinInterval: 2000, streamTimeout: 2000, healthMax: 0 },
      network: { latency: { kind: 'uniform', min: 1, max: 40 } },
      steps: [
        { at: 15, do: 'rival', node: 'n3', via: 'n0' },
        { at: 15, do: 'leave', node: 'n3' },
        { at: 65, do: 'leave', node: 'n0' },
        { at: 73, do: 'add', node: 'new2', via: 'n0' },
        { at: 121, do: 'leave', node: 'new2' },
        { at: 164, do: 'restart', node: 'new2', via: 'n0', address: 'same' },
        { at: 203, do: 'join', node: 'n0', via: 'n0' },
        { at: 829, do: 'blockIo', node: 'n0', for: 1 },
        { at: 3950, do: 'restart', node: 'n1', via: 'n0', clock: -3600 },
        { at: 3953, do: 'leave', node: 'n1' },
        { at: 3961, do: 'links', change: { duplicate: 0 } },
        { at: 3961, do: 'heal' },
        { at: 33953, do: 'join', node: 'n3', via: 'n2' },
      ],
    },
    { look: 'ring-successor' },
  ],
  [
    'a newcomer was introduced that was being dialled back while its introducer heard of the one who has its name',
    {
      nodes: 5,
      seed: 1,
      seeds: ['n0', 'n1', 'n2', 'n3', 'n4'],
      snapshots: 5000,
      settings: { rejoinInterval: 2000, probeInterval: 500, indirectProbes: 0, healthMax: 0 },
      network: { latency: { kind: 'uniform', min: 1, max: 40 } },
      steps: [
        { at: 5376, do: 'rival', node: 'n1', via: 'n0' },
        { at: 5445, do: 'leave', node: 'n1' },
        { at: 20380, do: 'broadcast', node: 'n0', name: 'e1', text: '' },
        { at: 21970, do: 'drift', node: 'n3', rate: 0.5 },
        { at: 21971, do: 'crash', node: ['n1', 'n3'], silent: false },
        { at: 23551, do: 'restart', node: ['n1', 'n3'], rejoin: true },
        { at: 23558, do: 'add', node: 'new4', via: 'n2' },
        { at: 23558, do: 'leave', node: 'new4' },
      ],
    },
    { look: 'ring-successor' },
  ],
  [
    'a node that had left was stuck with news that had no room beside its own, and told it for ever',
    {
      nodes: 3,
      seed: 1,
      seeds: ['n0', 'n1', 'n2'],
      settings: { rejoinInterval: 2000, packetBytes: 576 },
      steps: [
        { at: 1, do: 'update', node: 'n0', text: '0', payload: 5000 },
        { at: 2, do: 'add', node: 'new1', via: 'n0' },
        { at: 5, do: 'leave', node: 'new1' },
      ],
    },
    { codec: 'json', look: 'ring-successor' },
  ],
  [
    'a look that had ended early for a closed port was taken for a whole one when everybody refused',
    {
      nodes: 8,
      seed: 1049045498,
      seeds: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'],
      snapshots: 5000,
      settings: { rejoinInterval: 2000, indirectProbes: 0, probeTimeoutMin: 200 },
      steps: [
        { at: 641, do: 'rival', node: 'n0', via: 'n0' },
        { at: 795, do: 'restart', node: 'n0', via: 'n0' },
        { at: 797, do: 'leave', node: 'n0' },
        { at: 837, do: 'heal' },
        { at: 1683, do: 'pause', node: 'n0' },
        { at: 4459, do: 'crash', node: ['n1', 'n3', 'n5', 'n7'], silent: false },
        { at: 5992, do: 'restart', node: ['n1', 'n3', 'n5', 'n7'], rejoin: true },
        { at: 5993, do: 'crash', node: 'n0', silent: false },
      ],
    },
    { look: 'ring-successor' },
  ],
  [
    'whoever waited until a broadcast was told waited for ever when the last other died',
    {
      nodes: 3,
      seed: 9885957,
      seeds: [],
      settings: { rejoinInterval: 2000, probeInterval: 500, gossipToFailed: 0 },
      steps: [
        { at: 393, do: 'crash', node: 'n2', silent: false },
        { at: 394, do: 'drift', node: 'n1', rate: 1.1 },
        { at: 1326, do: 'links', change: { duplicate: 0 } },
        { at: 1397, do: 'crash', node: 'n0', silent: false },
        { at: 1397, do: 'broadcast', node: 'n1', name: 'e4', text: '' },
      ],
    },
    { look: 'ring-successor' },
  ],
]

for (const [showed, scenario, rest] of regressions) {
  test(showed, () => {
    runSchedule({ codec: 'swim', look: 'round-robin', scenario, ...rest })
  })
}
