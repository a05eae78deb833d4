import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../cli.ts'
import { fakeIo } from '../testing/fake-io.ts'
import { parseLatency } from './latency.ts'
import { simulationsThatFit } from './memory.ts'
import { simulateSettings } from './settings.ts'

let folder: string
const file = (name: string): string => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swim-simulate-'))
  await writeFile(
    file('a.yaml'),
    'nodes: 9\nseed: 5\nprofile: local\ndetector: pingack\nsettings: {suspicion-mult: 5}\nnetwork: {loss: 0.5, mtu: 900}\nsteps: [{at: 4s, do: crash, node: n8}]\n',
  )
})
afterAll(() => rm(folder, { recursive: true }))

describe('a latency', () => {
  it.each([
    ['5ms', { kind: 'constant', ms: 5 }],
    [0.02, { kind: 'constant', ms: 20 }],
    ['0.02', { kind: 'constant', ms: 20 }],
    ['1ms-20ms', { kind: 'uniform', min: 1, max: 20 }],
    ['1ms - 1s', { kind: 'uniform', min: 1, max: 1_000 }],
    ['exp:5ms', { kind: 'exponential', min: 0, mean: 5 }],
    ['exp:1ms+5ms', { kind: 'exponential', min: 1, mean: 5 }],
  ])('%j is %j', (text, latency) => {
    expect(parseLatency(text)).toEqual(latency)
  })

  it.each([
    '',
    'soon',
    '-5ms',
    '20ms-1ms',
    '1ms-',
    'exp:',
    'exp:1ms+',
    'exp:1ms+2ms+3ms',
    '61s',
    '1ms-2h',
    -1,
  ])('%j is none', (text) => {
    expect(parseLatency(text)).toBeUndefined()
  })
})

describe('what is to be simulated', () => {
  it('is a crash among a hundred by default', async () => {
    const settings = await simulateSettings({})
    expect(settings).toMatchObject({
      nodes: 100,
      seed: 1,
      runs: 1,
      detector: 'pingack',
      codec: 'swim',
      profile: 'lan',
      report: undefined,
      json: false,
      check: false,
    })
    const { duration, start, steps } = settings.scenario(1)
    expect(start).toBe('converged')
    expect(steps).toMatchObject([{ at: 5_000, do: 'crash', node: [expect.stringMatching(/^n\d+$/)] }])
    // 5 s quiet, 12 s to be looked at, 6 × 4 × log10(100) s of suspicion, 4 × 3 × 0.2 s of gossip.
    expect(duration).toBe(68_000)
  })

  it('takes flags over a file, and a file over the defaults', async () => {
    const alone = await simulateSettings({ scenario: file('a.yaml') })
    expect(alone).toMatchObject({ nodes: 9, seed: 5, profile: 'local', check: true })
    expect(alone.protocol).toMatchObject({ suspicionMult: 5, syncInterval: 15_000 })
    expect(alone.scenario(5)).toEqual({
      nodes: 9,
      seed: 5,
      start: 'converged',
      profile: 'local',
      settings: { suspicionMult: 5 },
      network: { loss: 0.5, mtu: 900 },
      steps: [{ at: 4_000, do: 'crash', node: ['n8'] }],
    })
    const both = await simulateSettings({
      scenario: file('a.yaml'),
      nodes: '10',
      seed: '6',
      profile: 'lan',
      loss: '0',
      duration: '20s',
      'suspicion-mult': '3',
      check: false,
    })
    expect(both).toMatchObject({ nodes: 10, seed: 6, profile: 'lan', check: false })
    expect(both.scenario(6)).toMatchObject({
      settings: { suspicionMult: 3 },
      network: { loss: 0, mtu: 900 },
      duration: 20_000,
    })
  })

  it('does not listen to the environment: it is the same wherever it is repeated', async () => {
    const io = fakeIo({ SWIM_PROFILE: 'mars', SWIM_PROBE_INTERVAL: 'soon' })
    expect(await runCli(['simulate', '--nodes', '0'], io)).toBe(2)
    expect(io.stderr()).toContain('--nodes')
  })

  it('keeps a shorter interval and its timeout in agreement, as start does', async () => {
    const { protocol } = await simulateSettings({ 'probe-interval': '200ms' })
    expect([protocol.probeInterval, protocol.probeTimeout]).toEqual([200, 100])
  })

  it.each([
    [['--nodes', '0'], '--nodes: "0" is not allowed: must be a whole number 1..65536'],
    [['--nodes', '65537'], '--nodes: "65537" is not allowed'],
    [['--seed', '-1'], '--seed: "-1" is not allowed: must be a whole number 0..4294967295'],
    [['--seed', '1.5'], '--seed: "1.5" is not allowed'],
    [['--runs', '0'], '--runs: "0" is not allowed'],
    [['--runs', '1001'], '--runs: "1001" is not allowed'],
    [['--seed', '4294967295', '--runs', '2'], '--runs: 2 is not allowed: from seed 4294967295'],
    [['--duration', 'soon'], '--duration: "soon" is not allowed: must be a duration 100ms..1d'],
    [['--loss', '1.1'], '--loss: "1.1" is not allowed: must be a number 0..1'],
    [['--latency', 'slow'], '--latency: "slow" is not allowed: must be a duration (5ms), a range'],
    [['--crash', '100'], '--crash: 100 of 100 nodes is not allowed: one at least must be left alone'],
    [['--nodes', '1', '--crash', '1'], '--crash: 1 of 1 nodes is not allowed'],
    [['--crash', '60', '--pause', '40'], '--crash: 100 of 100 nodes is not allowed'],
    [['--nodes', '1', '--churn', '1'], '--churn: 1 of 1 nodes is not allowed'],
    [['--partition', '100'], '--partition: 100 of 100 nodes is not allowed: some must be on each side'],
    [['--partition', '0.001'], '--partition: 0 of 100 nodes is not allowed'],
    [['--partition', '1.5'], '--partition: "1.5" is not allowed: must be a share'],
    [['--pause-for', '3s'], '--pause-for: needs --pause'],
    [['--partition-for', '3s'], '--partition-for: needs --partition'],
    [['--churn-down', '3s'], '--churn-down: needs --churn'],
    [['--churn', '6000', '--duration', '1d'], '--churn: 6000 a minute is too much for that duration'],
    [['--check', '--nodes', '257'], '--check: 257 nodes are not allowed: at most 256'],
    [['--profile', 'mars'], '--profile: "mars" is not allowed'],
    [['--detector', './x.js'], '--detector: "./x.js" is not allowed'],
    [['--detector', 'crystal-ball'], 'detector "crystal-ball" is not installed'],
    [['--codec', 'morse'], 'codec "morse" is not installed'],
    [
      ['--probe-timeout', '2s'],
      '--probe-timeout: 2s is not allowed: must be at most the probe interval, which is 1s',
    ],
    [
      ['--scenario', '/nonexistent/x.yaml'],
      '--scenario: cannot read "/nonexistent/x.yaml": there is no such file',
    ],
    [
      ['--report', '/nonexistent/x.html'],
      '--report: cannot write "/nonexistent/x.html": there is no such folder',
    ],
    [['--report', '/'], '--report: cannot write "/": it is a directory'],
    [['now'], 'too many arguments'],
  ])('%j is one line on stderr and exit code 2', async (argv, line) => {
    const io = fakeIo()
    expect(await runCli(['simulate', ...argv], io)).toBe(2)
    expect(io.stderr()).toContain(`swim-cli: ${line}`)
    expect(io.stderr().match(/\n/g)).toHaveLength(1)
    expect(io.stdout()).toBe('')
  })

  it.each([
    [['--crash', '1'], '--crash and --scenario contradict each other'],
    [['--partition'], '--partition and --scenario contradict each other'],
    [['--form'], '--form and --scenario contradict each other'],
    [['--duration', '3s'], "--duration: 3s is not allowed: the scenario's last step is at 4s"],
    [['--nodes', '8'], 'a.yaml: steps[0].node: there is no node "n8": there are n0 to n7'],
  ])('%j beside a file is one line on stderr and exit code 2', async (argv, line) => {
    const io = fakeIo()
    expect(await runCli(['simulate', '--scenario', file('a.yaml'), ...argv], io)).toBe(2)
    expect(io.stderr()).toContain(line)
    expect(io.stderr().match(/\n/g)).toHaveLength(1)
  })
})

describe('memory', () => {
  it('bounds how many simulations run at a time, and refuses what does not fit once', () => {
    expect(simulationsThatFit(100, 16e9)).toBeGreaterThan(100)
    expect(simulationsThatFit(10_000, 16e9)).toBeGreaterThanOrEqual(1)
    expect(simulationsThatFit(10_000, 64e9)).toBeGreaterThan(simulationsThatFit(10_000, 16e9))
    expect(() => simulationsThatFit(65_536, 16e9)).toThrow(
      /--nodes: 65536 is not allowed here: that many take about \d+ GB of memory, and this machine has 16 GB/,
    )
  })
})
