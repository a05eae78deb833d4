import { expect, test } from 'vitest'
import { agree, eventually, runtimes, start, swim } from './swim-process.ts'

interface Seen {
  readonly name: string
  readonly status: string
  readonly leaving: boolean
}

test.concurrent.each(runtimes)(
  'on %s a node that is told to end drains first: it is there, and nobody picks it',
  async (runtime) => {
    const watcher = await start(['--name', 'watcher', '--port', '0'])
    const flags = ['--port', '0', '--service', 'web:80', '--drain', '1500ms', '--seed', watcher.ready.address]
    const [first, second] = await Promise.all([
      start(['--name', 'first', ...flags], runtime),
      start(['--name', 'second', ...flags], runtime),
    ])
    await agree([watcher, first, second], { watcher: 'alive', first: 'alive', second: 'alive' })

    const see = async (name: string): Promise<Seen & { offers: boolean }> => {
      const { members } = await watcher.get<{ members: Seen[] }>('/v1/members')
      const { services } = await watcher.get<{ services: { web?: { member: string }[] } }>('/v1/services')
      const offers = services.web?.some(({ member }) => member === name) ?? false
      return { ...members.find((member) => member.name === name)!, offers }
    }
    for (const [node, end] of [
      [first, () => first.signal('SIGTERM')],
      [second, () => swim(['leave', '--drain', '1s', '--control', second.ready.control])],
    ] as const) {
      const { name } = node.ready
      expect(await see(name)).toMatchObject({ status: 'alive', leaving: false, offers: true })
      const ended = end()
      await eventually(`${name} is leaving`, 20_000, async () => {
        const seen = await see(name)
        return { ok: seen.status === 'alive' && seen.leaving && !seen.offers, seen }
      })
      await eventually(`${name} has left`, 20_000, async () => {
        const seen = await see(name)
        return { ok: seen.status === 'left', seen }
      })
      await ended
      expect(await node.exited, node.stderr()).toBe(0)
    }
  },
)
