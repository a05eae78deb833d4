import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { checkSteps, parseScenario } from './scenario-file.ts'

const crash = '{at: 1, do: crash, node: n1}'

describe("a scenario's file", () => {
  it('has durations in seconds or with a unit, ranges of nodes, and keys in kebab or camel case', async () => {
    const scenario = await parseScenario(
      'x.yaml',
      `
name: all of it
nodes: 20
seed: 3
start: form
seeds: [n0, n1..n2]
profile: wan
detector: pingack
codec: json
duration: 2m
settings: { probeInterval: 500ms, suspicion-mult: 3, sync-interval: 0 }
network: { latency: 1ms-2ms, loss: 0.1, reorder: 0.2, reorder-by: 30ms, cut: nothing }
steps:
  - { at: 30, do: heal }
  - { at: 4s, do: forceLeave, node: n0, member: n1, prune: true }
  - { at: 5s, do: broadcast, node: n0, name: deploy, text: v2 }
  - { at: 6s, do: query, node: [n0], name: who, timeout: 2s }
  - { at: 7s, do: send, node: n0, to: n1, text: hi, reliable: false }
  - { at: 8s, expect: told, name: deploy, by: n0..n1, within: 1s }
  - { at: 0, do: add, node: late, via: n1, unreachable: true }
  - { at: 0.5, do: partition, groups: [n0..n3, [n4, n6..n7]], oneWay: true, for: 10s }
  - { at: 1s, do: restart, node: n2, address: other, clock: -5 }
  - { at: 2s, do: links, from: n1, change: { latency: [1ms, 5ms, 9ms], streams: stalled }, for: 250ms }
  - { at: 3s, do: slow, node: [n1], by: 20ms }
  - { at: 40s, expect: status, node: n1, is: alive, by: n2..n3, within: 1m }
`,
    )
    expect(scenario).toEqual({
      path: 'x.yaml',
      name: 'all of it',
      nodes: 20,
      seed: 3,
      start: 'form',
      seeds: ['n0', 'n1', 'n2'],
      profile: 'wan',
      detector: 'pingack',
      codec: 'json',
      duration: 120_000,
      settings: { probeInterval: 500, suspicionMult: 3, syncInterval: 0 },
      network: {
        latency: { kind: 'uniform', min: 1, max: 2 },
        loss: 0.1,
        reorder: 0.2,
        reorderBy: 30,
        cut: 'nothing',
      },
      // In order of their instants.
      positions: [6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 0, 11],
      steps: [
        { at: 0, do: 'add', node: 'late', via: 'n1', unreachable: true },
        {
          at: 500,
          do: 'partition',
          groups: [
            ['n0', 'n1', 'n2', 'n3'],
            ['n4', 'n6', 'n7'],
          ],
          oneWay: true,
          for: 10_000,
        },
        { at: 1_000, do: 'restart', node: ['n2'], address: 'other', clock: -5 },
        {
          at: 2_000,
          do: 'links',
          from: ['n1'],
          change: { latency: { kind: 'quantiles', ms: [1, 5, 9] }, streams: 'stalled' },
          for: 250,
        },
        { at: 3_000, do: 'slow', node: ['n1'], by: 20 },
        { at: 4_000, do: 'forceLeave', node: 'n0', member: 'n1', prune: true },
        { at: 5_000, do: 'broadcast', node: ['n0'], name: 'deploy', text: 'v2' },
        { at: 6_000, do: 'query', node: ['n0'], name: 'who', timeout: 2_000 },
        { at: 7_000, do: 'send', node: ['n0'], to: 'n1', text: 'hi', reliable: false },
        { at: 8_000, expect: 'told', name: 'deploy', by: ['n0', 'n1'], within: 1_000 },
        { at: 30_000, do: 'heal' },
        { at: 40_000, expect: 'status', node: ['n1'], is: 'alive', by: ['n2', 'n3'], within: 60_000 },
      ],
    })
    expect(() => checkSteps(scenario, 20, 120_000)).not.toThrow()
  })

  it('may be JSON', async () => {
    const { steps } = await parseScenario('x.json', '{"steps":[{"at":"1s","do":"leave","node":"n0"}]}')
    expect(steps).toEqual([{ at: 1_000, do: 'leave', node: ['n0'] }])
  })

  it.each(['partition.yaml', 'broadcast.yaml', 'outage.yaml'])(
    'as the example %s has it can be run',
    async (name) => {
      const path = new URL(`../../examples/${name}`, import.meta.url)
      const scenario = await parseScenario(name, await readFile(path, 'utf8'))
      expect(() => checkSteps(scenario, scenario.nodes!, scenario.duration)).not.toThrow()
      expect(scenario.steps.length).toBeGreaterThan(4)
    },
  )

  it.each([
    ['steps: [', 'is not valid YAML: '],
    ['', 'must be a map with name, nodes'],
    ['[]', 'must be a map, not a list'],
    ['nodes: 3', 'steps: is missing'],
    ['steps: now', 'steps: "now" is not allowed: must be a list of steps'],
    [`stepz: []\nsteps: []`, 'stepz: unknown key: allowed are name, nodes'],
    [`nodes: 0\nsteps: []`, 'nodes: 0 is not allowed: must be a whole number 1..65536'],
    [`profile: mars\nsteps: []`, 'profile: "mars" is not allowed: must be lan, wan or local'],
    [`detector: ./x.js\nsteps: []`, 'detector: "./x.js" is not allowed'],
    [`duration: soon\nsteps: []`, 'duration: "soon" is not allowed: must be a duration 100ms..1d'],
    [
      `settings: {probe-interval: 1ms}\nsteps: []`,
      'settings.probeInterval: "1ms" is not allowed: must be a duration 10ms..10m',
    ],
    [`settings: {probes: 1}\nsteps: []`, 'settings.probes: unknown key: allowed are probeInterval, '],
    [`settings: {probe-timeout: 1s, probeTimeout: 2s}\nsteps: []`, 'settings.probeTimeout: is given twice'],
    [
      `network: {latency: fast}\nsteps: []`,
      'network.latency: "fast" is not allowed: must be a duration (5ms)',
    ],
    [`network: {latency: [9ms, 1ms]}\nsteps: []`, 'network.latency: must be a duration (5ms)'],
    [`network: {loss: 2}\nsteps: []`, 'network.loss: 2 is not allowed: must be a number 0..1'],
    [`steps: [${crash}, 5]`, 'steps[1]: 5 is not allowed: must be a map with `at`, and either `do`'],
    [`steps: [{at: 1}]`, 'steps[0]: must be a map with `at`, and either `do` (add, crash, '],
    [`steps: [{at: 1, do: heal, expect: agreement}]`, 'steps[0]: must be a map with `at`, and either'],
    [
      `steps: [${crash}, {at: 1, do: explode}]`,
      'steps[1].do: "explode" is not allowed: must be one of add, crash, ',
    ],
    [`steps: [{at: 1, do: constructor}]`, 'steps[0].do: "constructor" is not allowed'],
    [
      `steps: [{at: 1, expect: peace}]`,
      'steps[0].expect: "peace" is not allowed: must be one of agreement, status, told, never',
    ],
    [`steps: [{do: heal}]`, 'steps[0].at: is missing'],
    [`steps: [{at: 1, do: crash}]`, 'steps[0].node: is missing'],
    [
      `steps: [{at: 1, do: pause, node: n1, for: soon}]`,
      'steps[0].for: "soon" is not allowed: must be a duration',
    ],
    [
      `steps: [{at: 1, do: crash, node: [n1, 5]}]`,
      'steps[0].node[1]: 5 is not allowed: must be the name of a node, a range',
    ],
    [`steps: [{at: 1, do: crash, node: n9..n1}]`, 'steps[0].node: "n9..n1" is not allowed'],
    [`steps: [{at: 1, do: crash, node: 'n1 n2'}]`, 'steps[0].node: "n1 n2" is not allowed'],
    [`steps: [{at: 1, do: partition, groups: [n1]}]`, 'steps[0].groups: must be at least two groups'],
    [
      `steps: [{at: 1, do: drift, node: n1, rate: 20}]`,
      'steps[0].rate: 20 is not allowed: must be a number 0.1..10',
    ],
    [
      `steps: [{at: 1, do: links, change: {los: 1}}]`,
      'steps[0].change.los: unknown key: allowed are latency, loss',
    ],
    [
      `steps: [{at: 1, do: restart, node: n1, clock: 0.5}]`,
      'steps[0].clock: 0.5 is not allowed: must be whole seconds',
    ],
    [
      `steps: [{at: 1, expect: status, node: n1, is: dead}]`,
      'steps[0].is: "dead" is not allowed: must be alive, suspect',
    ],
  ])('%j is refused, with its place', async (text, message) => {
    const error: Error & { exitCode?: number } = await parseScenario('x.yaml', text).then(
      () => new Error('taken'),
      (thrown) => thrown,
    )
    expect(error.message).toContain(`file x.yaml: ${message}`)
    expect(error.message).not.toContain('\n')
    expect(error.exitCode).toBe(2)
  })

  it.each([
    [`[{at: 1, do: crash, node: n5}]`, 'steps[0].node: there is no node "n5": there are n0 to n4'],
    [`[{at: 2, do: crash, node: x}, {at: 1, do: heal}]`, 'steps[0].node: there is no node "x"'],
    [`[{at: 2, do: add, node: x}, {at: 1, do: crash, node: x}]`, 'steps[1].node: there is no node "x"'],
    [`[{at: 2, do: add, node: n3}]`, 'steps[0].node: there is a node "n3" already'],
    [`[{at: 1, do: restart, node: n1, via: x}]`, 'steps[0].via: there is no node "x"'],
    [`[{at: 1, do: add, node: x, insteadOf: y}]`, 'steps[0].insteadOf: there is no node "y"'],
    [`[{at: 1, do: links, from: n1, to: x, change: {}}]`, 'steps[0].to: there is no node "x"'],
    [`[{at: 1, do: partition, groups: [n1..n2, x]}]`, 'steps[0].groups: there is no node "x"'],
    [`[{at: 1, do: partition, groups: [n1..n2, n2..n3]}]`, 'steps[0].groups: "n2" is in two of them'],
    [`[{at: 1, expect: status, node: n1, is: alive, by: x}]`, 'steps[0].by: there is no node "x"'],
    [`[{at: 21, do: heal}]`, 'steps[0].at: 21s is not allowed: the scenario takes 20s'],
  ])('with the steps %s is refused for five nodes and 20 s', async (steps, message) => {
    const scenario = await parseScenario('x.yaml', `steps: ${steps}`)
    expect(() => checkSteps(scenario, 5, 20_000)).toThrow(`file x.yaml: ${message}`)
  })

  it('may not name seeds that are not there', async () => {
    const scenario = await parseScenario('x.yaml', 'seeds: n9\nsteps: []')
    expect(() => checkSteps(scenario, 5, undefined)).toThrow('file x.yaml: seeds: there is no node "n9"')
  })
})
