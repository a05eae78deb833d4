import { pingAck } from '@swimkit/detector-pingack'
import type { Scenario } from '@swimkit/simulator'
import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { failureText } from './failure-text.ts'
import { reportPage } from './report/page.ts'
import { type SimulateSettings, simulateSettings } from './settings.ts'
import { simulateOne } from './simulate-one.ts'
import { type Summary, summarise } from './summary.ts'
import { count, summaryText, time } from './summary-text.ts'

const plain = pc.createColors(false)

function run(settings: SimulateSettings, change: (scenario: Scenario) => Scenario = (same) => same) {
  const shares: number[] = []
  const results = Array.from({ length: settings.runs }, (_, i) =>
    simulateOne(
      { scenario: change(settings.scenario(settings.seed + i)), check: settings.check },
      { detectors: () => [pingAck()] },
      (now, total) => shares.push(now / total),
    ),
  )
  return { results, shares, summary: summarise(settings, results, 1) }
}
const flags = (given: Readonly<Record<string, unknown>>) => simulateSettings(given)

/** The keys of the contract, and what their values are. */
const contract: { readonly [K in keyof Summary]?: unknown } = {
  traceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
  seed: 1,
  nodes: 30,
  falsePositives: 0,
  detection: {
    first: expect.any(Number),
    p50: expect.any(Number),
    p99: expect.any(Number),
    last: expect.any(Number),
  },
  dissemination: { p50: expect.any(Number), p99: expect.any(Number) },
  messagesPerNodePerSecond: expect.any(Number),
  bytesPerNodePerSecond: expect.any(Number),
  virtualSeconds: expect.any(Number),
  wallSeconds: 1,
}

describe('a simulation', () => {
  it('of crashes has the figures of the contract', async () => {
    const { results, shares, summary } = run(await flags({ nodes: '30', crash: '2' }))
    expect(summary).toMatchObject(contract)
    const { crashes, detection, messagesPerNodePerSecond, suspicion } = summary
    // A closed port needs no suspicion: a look, those of the witnesses, and the news of it; no sooner than packets are given up.
    expect(detection.first).toBeGreaterThan(0.2)
    expect(detection.last).toBeLessThan(8)
    for (const { first, last, p50, p99 } of [detection, suspicion]) {
      expect([first, p50, p99, last]).toEqual([first, p50, p99, last].sort((a, b) => a! - b!))
    }
    expect(crashes).toMatchObject({ count: 2, missing: 0, untracked: 0 })
    expect(summary.victims).toHaveLength(2)
    expect(messagesPerNodePerSecond).toBeGreaterThan(1.9)
    expect(summary.load.quietMessagesPerNodePerSecond).toBeCloseTo(2, 0)
    expect(summary.knowing.at(-1)![1]).toBe(1)
    expect(summary.runs).toHaveLength(1)
    expect(summary.runs[0]).toMatchObject({ seed: 1, traceHash: summary.traceHash, ok: true })
    expect(summary.virtualSeconds * 1_000).toBe(
      (await flags({ nodes: '30', crash: '2' })).scenario(1).duration,
    )
    expect(shares[0]).toBe(0)
    expect(shares.at(-1)).toBeGreaterThan(0.98)
    expect(results[0]!.failure).toBeNull()
  })

  it('of nothing has no times, and says so', async () => {
    const { results, summary } = run(await flags({ nodes: '1', duration: '1s' }))
    const none = { first: null, p50: null, p99: null, last: null }
    expect(summary).toMatchObject({
      detection: none,
      dissemination: { p50: null, p99: null },
      falsePositives: 0,
    })
    expect(summaryText(summary, plain)).toMatch(/crashes +none/)
    expect(reportPage(summary, results)).toContain('Nobody crashed.')
  })

  it('of several seeds is all of them together, and each by itself', async () => {
    const { summary } = run(await flags({ nodes: '12', runs: '3', seed: '4', crash: '1' }))
    const alone = await Promise.all(
      [4, 5, 6].map(async (seed) => run(await flags({ nodes: '12', seed: `${seed}`, crash: '1' })).summary),
    )
    expect(summary.runs).toEqual(alone.map(({ runs }) => ({ ...runs[0], wallSeconds: expect.any(Number) })))
    expect(new Set([summary, ...alone].map(({ traceHash }) => traceHash)).size).toBe(4)
    expect(summary.crashes.count).toBe(3)
    expect(summary.detection.first).toBe(Math.min(...alone.map(({ detection }) => detection.first!)))
    expect(summary.detection.last).toBe(Math.max(...alone.map(({ detection }) => detection.last!)))
    expect(summary.virtualSeconds).toBeCloseTo(
      alone.reduce((sum, each) => sum + each.virtualSeconds, 0),
      3,
    )
    expect(summaryText(summary, plain)).toContain(alone[2]!.traceHash)
  })

  it('of a partition, pauses and churn counts what is false, and excuses it', async () => {
    const { summary } = run(
      await flags({ nodes: '20', partition: '0.25', 'partition-for': '40s', pause: '1', churn: '6' }),
    )
    const { apart, unexcused, verdicts } = summary.falsePositiveDetail
    expect(summary.falsePositives).toBeGreaterThan(100)
    expect(verdicts).toBeGreaterThan(10)
    expect(apart).toBeGreaterThan(0)
    expect(unexcused).toBe(0)
    expect(Math.min(...summary.agreement.map(([, share]) => share))).toBeLessThan(0.8)
  })

  it('that forms says how long that took, and measures from then on', async () => {
    const { summary } = run(await flags({ nodes: '8', form: true }))
    expect(summary.formedAfter).toHaveLength(1)
    expect(summary.formedAfter[0]).toBeGreaterThan(0)
    expect(summary.victims[0]!.at).toBe(5)
    expect(summaryText(summary, plain)).toMatch(/formed +after/)
  })

  it('stays far below a megabyte of JSON, however much there is to say', async () => {
    const { summary } = run(await flags({ nodes: '150', crash: '120', duration: '40s' }))
    expect([summary.crashes.count, summary.victims.length]).toEqual([120, 100])
    const lines = JSON.stringify(summary)
    const thousand = { ...summary, runs: Array.from({ length: 1_000 }, () => summary.runs[0]) }
    expect(lines.length).toBeLessThan(100_000)
    expect(JSON.stringify(thousand).length).toBeLessThan(1_000_000)
  })
})

describe('a scenario in which something does not hold', () => {
  const wrong = (scenario: Scenario): Scenario => ({
    ...scenario,
    steps: [
      { at: 1_000, do: 'crash', node: 'n3' },
      { at: 2_000, expect: 'status', node: 'n3', is: 'failed', by: 'n0' },
    ],
  })

  it('says what, with the seed, the schedule and the trace', async () => {
    const { results, summary } = run(await flags({ nodes: '5', seed: '9' }), wrong)
    expect(summary.ok).toBe(false)
    expect(summary.failures).toEqual([
      { seed: 9, at: 2, message: 'expect status at n0 about n3: holds it alive, not failed' },
    ])
    const text = failureText(results[0]!)
    expect(text).toContain(
      'swim-cli: seed 9: after 2.000 s: expect status at n0 about n3: holds it alive, not failed\n',
    )
    expect(text).toContain('\n     1.000 s  crash node: n3\n')
    expect(text).toContain('\n     2.000 s  expect status node: n3; is: failed; by: n0\n')
    expect(text).toMatch(/trace, the latest:\n( .*\n){10,}/)
    expect(text).toContain(`trace hash ${summary.traceHash}`)
    expect(reportPage(summary, results)).toContain('holds it alive, not failed')
  })

  it('says nothing of one where all held', async () => {
    const { results } = run(await flags({ nodes: '5', duration: '1s' }))
    expect(failureText(results[0]!)).toBe('')
  })
})

describe('the report', () => {
  it('is complete in itself, without scripts, and the same for the same run', async () => {
    const settings = await flags({
      nodes: '40',
      crash: '3',
      pause: '2',
      'pause-for': '25s',
      latency: 'exp:1ms+5ms',
    })
    const page = () => {
      const { results, summary } = run(settings)
      return reportPage({ ...summary, wallSeconds: Math.random() }, results)
    }
    const html = page()
    expect(page()).toBe(html)
    expect(html).not.toMatch(/\bzr\d/)
    expect(html).not.toMatch(/<script|<link|<img|<iframe|javascript:|\son\w+=|@import|url\(/i)
    expect(html.replaceAll(/ xmlns(:xlink)?="[^"]*"/g, '')).not.toMatch(/https?:/)
    expect(html.match(/<svg role="img" aria-labelledby="figure-\d-t figure-\d-d"/g)).toHaveLength(5)
    expect(html.match(/<title id=/g)).toHaveLength(5)
    expect(html.match(/<table>/g)!.length).toBeGreaterThanOrEqual(5)
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('escapes what a scenario calls things', async () => {
    const name = '"><script>alert(1)</script>'
    const { results, summary } = run(await flags({ nodes: '6', duration: '40s' }), (scenario) => ({
      ...scenario,
      name: `<b>bold</b> ${name}`,
      steps: [
        { at: 0, do: 'add', node: name },
        { at: 3_000, do: 'crash', node: name },
      ],
    }))
    expect(summary.victims.map(({ node }) => node)).toEqual([name])
    const html = reportPage({ ...summary, name: `<b>bold</b> ${name}\u202e` }, results)
    expect(html).not.toMatch(/<script|<b>|\u202e/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  it('draws a bounded number of deaths, and says so', async () => {
    const { results, summary } = run(await flags({ nodes: '90', crash: '60', duration: '30s' }))
    const html = reportPage(summary, results)
    expect(html).toContain('The first 30 of 60 crashes')
    expect(html).toContain('the first 12 of 60 crashes')
    expect(html.length).toBeLessThan(300_000)
  })
})

describe('figures for people', () => {
  it.each([
    [undefined, ''],
    [null, '–'],
    [0, '0.00 s'],
    [0.0031, '3.1 ms'],
    [0.1, '0.10 s'],
    [12.345, '12.35 s'],
  ])('%j seconds are %j', (seconds, text) => {
    expect(time(seconds)).toBe(text)
  })

  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('%d is %j', (n, text) => {
    expect(count(n)).toBe(text)
  })
})
