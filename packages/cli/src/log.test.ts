import { describe, expect, it } from 'vitest'
import { createLogger, type LoggerOptions } from './log.ts'

function logger(more: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = { now: Date.parse('2026-01-02T03:04:05.678Z') }
  const log = createLogger({
    level: 'info',
    format: 'text',
    colour: false,
    write: (line) => lines.push(line),
    waiting: () => 0,
    now: () => clock.now,
    ...more,
  })
  return { log, lines, clock }
}

describe('the log', () => {
  it('writes lines of text', () => {
    const { log, lines } = logger()
    log.log('warn', 'seed does not answer', { seed: '10.0.0.1:1', reason: 'no answer', tries: 3, big: 5n })
    expect(lines).toEqual([
      '2026-01-02T03:04:05.678Z warn  seed does not answer seed=10.0.0.1:1 reason="no answer" tries=3 big=5\n',
    ])
  })

  it('writes lines of JSON', () => {
    const { log, lines } = logger({ format: 'json' })
    log.log('error', 'fault', { error: new Error('x'), at: { deep: 1 } })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { time: '2026-01-02T03:04:05.678Z', level: 'error', message: 'fault', error: 'x', at: { deep: 1 } },
    ])
  })

  it('lets no text from the network move the cursor or start a line', () => {
    const { log, lines } = logger()
    log.log('info', 'join a\u001b[2Jb\nc', { member: 'x\n\u202ey' })
    expect(lines[0]).toMatch(/join a\\u\{1b\}\[2Jb\\u\{a\}c member="x\\n\\u\{202e\}y"\n$/)
    expect(lines[0]?.split('\n')).toHaveLength(2)
  })

  it('is silent below its level', () => {
    const { log, lines } = logger({ level: 'error' })
    expect(['debug', 'info', 'warn', 'error'].map((level) => log.enabled(level as 'debug'))).toEqual([
      false,
      false,
      false,
      true,
    ])
    log.log('warn', 'x')
    expect(lines).toEqual([])
  })

  it('says the same of the same peer once in 10 s, and then how often it was held back', () => {
    const { log, lines, clock } = logger()
    for (let i = 0; i < 5; i++) log.log('warn', 'silent', { seed: 'a' })
    log.log('warn', 'silent', { seed: 'b' })
    log.log('warn', 'other', { seed: 'a' })
    expect(lines).toHaveLength(3)
    clock.now += 10_000
    log.log('warn', 'silent', { seed: 'a' })
    expect(lines[3]).toMatch(/silent seed=a repeated=4\n$/)
  })

  it('holds nothing back at debug', () => {
    const { log, lines } = logger({ level: 'debug' })
    for (let i = 0; i < 5; i++) log.log('debug', 'ping', { member: 'a' })
    expect(lines).toHaveLength(5)
  })

  it('forgets the oldest of many peers rather than grow', () => {
    const { log, lines } = logger()
    for (let i = 0; i < 1_024; i++) log.log('info', 'x', { peer: i })
    log.log('info', 'x', { peer: 0 })
    expect(lines).toHaveLength(1_024)
    log.log('info', 'x', { peer: 1_024 })
    log.log('info', 'x', { peer: 1_024 })
    expect(lines).toHaveLength(1_025)
    log.log('info', 'x', { peer: 0 })
    expect(lines).toHaveLength(1_026)
  })

  it('leaves lines out while 1 Mi characters wait for its reader, and says how many once half of them are read', () => {
    const reader = { waiting: 1_048_575 }
    const { log, lines } = logger({ level: 'debug', waiting: () => reader.waiting })
    const say = (number: number) => log.log('debug', `line ${number}`)
    say(1)
    expect(lines).toHaveLength(1)
    reader.waiting = 1_048_576
    say(2)
    reader.waiting = 524_288
    say(3)
    expect(lines).toHaveLength(1)
    reader.waiting = 524_287
    say(4)
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/warn {2}lines were left out, as nobody read them lines=2\n$/),
      expect.stringMatching(/line 4\n$/),
    ])
    reader.waiting = 1_048_575
    say(5)
    expect(lines).toHaveLength(4)
  })
})
