import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { runCli } from './cli.ts'
import { commands } from './commands/registry.ts'
import { fakeIo } from './testing/fake-io.ts'

async function run(...argv: string[]) {
  const io = fakeIo({ SWIM_CONTROL: '127.0.0.1:1' })
  const code = await runCli(argv, io)
  return { code, out: io.stdout(), err: io.stderr() }
}

describe('the command line', () => {
  it('prints help for no arguments, and lists every command', async () => {
    const { code, out } = await run()
    expect(code).toBe(0)
    for (const { name } of commands) expect(out).toContain(name)
  })

  it.each(commands.map(({ name, aliases = [] }) => [name, aliases] as const))(
    '%s has help',
    async (name, aliases) => {
      for (const word of [name, ...aliases]) {
        const { code, out } = await run(word, '--help')
        expect(code).toBe(0)
        expect(out).toContain(`swim-cli ${name}`)
      }
      expect((await run('help', name)).out).toBe((await run(name, '--help')).out)
    },
  )

  it('names each flag of start with its variable', async () => {
    const { out } = await run('start', '--help')
    for (const flag of [
      '--seed <address>',
      '--probe-interval <duration>',
      '--control-token-file <file>',
      '--detach',
    ]) {
      expect(out).toContain(flag)
    }
    expect(out).toContain('[SWIM_SEEDS]')
  })

  it.each([
    ['members', '30s'],
    ['keys', '150s'],
    ['query', '10s more than --within, or 70s'],
    ['leave', '30s, and as long as --drain'],
  ])('says how long %s waits for an answer: %s', async (name, patience) => {
    const { out } = await run(name, '--help')
    expect(out.replace(/\s+/g, ' ')).toContain(`wait for an answer (default: ${patience})`)
  })

  it.each([['--version'], ['-V']])('%s', async (flag) => {
    expect(await run(flag)).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
  })

  it.each([
    [['membres'], "swim-cli: unknown command 'membres' (Did you mean members?)\n"],
    [['doctor', 'list'], "swim-cli: unknown command 'doctor'"],
    [['keys', 'rotate'], 'swim-cli: "rotate" is not allowed: must be list, install, use or remove'],
    [['keys', 'install'], 'swim-cli: keys install needs the file that holds the key'],
    [['keys', 'use', 'all'], 'swim-cli: "all" is no id of a key: must be 8 digits'],
    [['keys', 'list', 'x'], 'swim-cli: keys list takes nothing more'],
    [
      ['keys', 'install', 'AAAAAAAAAAAAAAAAAAAAAA=='],
      'swim-cli: a key on the command line shows in the process list',
    ],
    [['keys', 'install', '-'], 'swim-cli: standard input holds no key'],
    [['members', '--jsno'], "swim-cli: unknown option '--jsno' (Did you mean --json?)\n"],
    [['start', '--port'], "swim-cli: option '--port <port>' argument missing\n"],
    [
      ['start', '--key', 'x'],
      'swim-cli: --key: must be 16, 24 or 32 bytes in base64, as swim-cli keygen prints them\n',
    ],
    [['keygen', '--bytes', '20'], 'swim-cli: --bytes: "20" is not allowed: must be 16, 24 or 32\n'],
    [['start', 'now'], 'swim-cli: too many arguments'],
    [['explain'], "swim-cli: missing required argument 'name'\n"],
    [['start', '--port', 'x\u001b[2J'], 'swim-cli: --port: "x\\u001b[2J" is not allowed'],
    [['ping', 'a', '--timeout', 'soon'], 'swim-cli: --timeout: "soon" is not allowed'],
    [['members', '--control', 'ftp://x'], 'swim-cli: --control: "ftp://x" is not allowed'],
    [
      ['members', '--status', 'dead'],
      'swim-cli: --status: "dead" is not allowed: must be alive, suspect, failed, left',
    ],
    [['members', '--tag', 'role=['], 'swim-cli: --tag: "[" is not a regular expression'],
    [['drop-rate', '2'], 'swim-cli: "2" is not allowed: must be a number 0..1'],
    [['tags', 'novalue'], 'swim-cli: "novalue" is not allowed: must be key=value'],
    [
      ['start', '--control', '0.0.0.0:1'],
      'swim-cli: --control: 0.0.0.0 is open to others, so it needs a token',
    ],
    [
      ['start', '--detector', 'nonesuch-x'],
      'swim-cli: detector "nonesuch-x" is not installed: built in are gossip, pingack',
    ],
    [['start', '--bind', 'nonesuch0'], 'swim-cli: --bind: "nonesuch0" is no interface'],
    [['start', '--bind', '203.0.113.0/24'], 'swim-cli: --bind: "203.0.113.0/24" matches no interface'],
    [
      ['start', '--bind', '127.0.0.1', '--advertise', '203.0.113.1'],
      'swim-cli: --advertise: 203.0.113.1 cannot be reached while --bind is 127.0.0.1, which is loopback\n',
    ],
  ])('%j is one line on stderr and exit code 2', async (argv, line) => {
    const { code, out, err } = await run(...argv)
    expect(err).toContain(line)
    expect(err.match(/\n/g)).toHaveLength(1)
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  it.each(
    [
      'members',
      'self',
      'suspects',
      'services',
      'protocol',
      'leave',
      'stop',
      'events',
      'drop-rate',
      'tags',
      'payload',
    ].map((name) => [name]),
  )('%s is one line on stderr and exit code 1 where no node answers', async (name) => {
    const { code, out, err } = await run(name)
    expect(err).toMatch(/^swim-cli: no node answers at http:\/\/127\.0\.0\.1:1: nothing listens there; .*\n$/)
    expect(out).toBe('')
    expect(code).toBe(1)
  })
})
