import type { QueryHandler } from '@swimkit/core'
import type { ClusterKeys, KeyReport } from '@swimkit/security'
import { aesGcm, clusterKeys, generateKey, Keyring, readKey } from '@swimkit/security'
import type { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { controlApp } from '../testing/control-app.ts'
import { FakeNode } from '../testing/fake-node.ts'
import type { ControlEnv } from './route.ts'

const [old, next] = [generateKey(), generateKey()]
const [oldId, nextId] = [readKey(old).id, readKey(next).id]

/** A node that is its own cluster: queries to all are queries to itself. */
function keysOfOne(node: FakeNode): ClusterKeys {
  const deadline = new Date(0)
  let answer: QueryHandler | undefined
  return clusterKeys(
    {
      name: node.name,
      members: () => node.members(),
      onQuery: (_, handler) => {
        answer = handler
        return () => undefined
      },
      query: async (name, body = new Uint8Array(0)) => ({
        answers: [
          {
            member: node.name,
            body: (await answer!({ name, body, from: node.name, deadline }))!,
            at: deadline,
          },
        ],
        silent: [],
        unfinished: [],
      }),
    },
    { sealer: aesGcm(new Keyring([old])) },
  )
}

/** All but the list. */
const stepsOf = (keys: ClusterKeys) => ({
  install: (key: string) => keys.install(key),
  use: (id: string) => keys.use(id),
  remove: (id: string) => keys.remove(id),
  replace: (of: readonly string[]) => keys.replace(of),
  close: () => keys.close(),
})

let node: FakeNode
let app: Hono<ControlEnv>
const appWith = (keys: ClusterKeys | undefined): Hono<ControlEnv> => controlApp(node, { keys })
const ask = (path = '', init: RequestInit = {}) =>
  app.request(`http://127.0.0.1/v1/keys${path}`, init, { source: '127.0.0.1' })
const post = async (step: string, body: object) => {
  const answer = await ask(`/${step}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  return { status: answer.status, text: await answer.text() }
}
const errorOf = ({ status, text }: { status: number; text: string }) => {
  const { code, message } = (JSON.parse(text) as { error: { code: string; message: string } }).error
  return [status, code, message]
}

beforeEach(() => {
  node = new FakeNode()
  // The cluster is this node.
  node.members = () => [node.self]
  app = appWith(keysOfOne(node))
})

describe('/v1/keys', () => {
  it('exchanges a key, and shows ids alone', async () => {
    const said: string[] = []
    for (const [step, body] of [
      ['install', { key: next }],
      ['use', { id: nextId }],
      ['remove', { id: oldId }],
    ] as const) {
      const { status, text } = await post(step, body)
      expect(status, text).toBe(200)
      said.push(text)
    }
    const answer = await (await ask()).text()
    expect(JSON.parse(answer)).toEqual({
      keys: [{ id: nextId, members: 1, primary: 1, lacking: [] }],
      members: 1,
      missing: [],
      errors: {},
    } satisfies KeyReport)
    for (const key of [old, next]) expect([...said, answer].join()).not.toContain(key)
  })

  it('says what stands against a step, and changes nothing', async () => {
    expect(errorOf(await post('use', { id: nextId }))).toEqual([
      409,
      'rotation',
      `no member has a key ${nextId}: install it first`,
    ])
    expect(errorOf(await post('remove', { id: oldId }))).toEqual([
      409,
      'rotation',
      `1 of 1 members still seal with ${oldId}: let all use another key first`,
    ])
  })

  it.each([
    ['install', {}, 'key: the body must be {"key":base64}'],
    ['install', { key: 'c2hvcnQ=' }, 'a key of 5 bytes: must be 16, 24 or 32'],
    ['install', { key: 'x'.repeat(65) }, 'key: must be 16, 24 or 32 bytes in base64'],
    ['use', { id: 'all' }, 'id: must be 8 hexadecimal digits'],
    ['remove', {}, 'id: the body must be {"id":8 hexadecimal digits}'],
  ])('%s %j is refused: %s', async (step, body, message) => {
    expect(errorOf(await post(step, body))).toEqual([400, 'invalid', message])
  })

  it('asks the cluster once for all who want the list at the same moment, whatever came of it before', async () => {
    const keys = keysOfOne(node)
    const asked: { resolve(report: KeyReport): void; reject(error: Error): void }[] = []
    const list = () => new Promise<KeyReport>((resolve, reject) => asked.push({ resolve, reject }))
    app = appWith({ ...stepsOf(keys), list })
    const report = await keys.list()
    const wave = () => Array.from({ length: 20 }, () => ask())
    const many = wave()
    await expect.poll(() => asked.length).toBe(1)
    // Who asks after a step is shown what it did.
    expect((await post('install', { key: next })).status).toBe(200)
    const later = ask()
    await expect.poll(() => asked.length).toBe(2)
    asked[0]!.resolve(report)
    for (const answer of await Promise.all(many)) expect(await answer.json()).toEqual(report)
    asked[1]!.reject(new Error('broken'))
    expect((await later).status).toBe(500)
    const last = wave()
    await expect.poll(() => asked.length).toBe(3)
    asked[2]!.resolve(report)
    for (const answer of await Promise.all(last)) expect(answer.status).toBe(200)
  })

  it('says that a node without a key seals nothing', async () => {
    app = appWith(undefined)
    expect(errorOf(await post('use', { id: oldId }))).toEqual([
      409,
      'no-keys',
      'this node seals nothing: start it with --key-file',
    ])
    expect((await ask()).status).toBe(409)
  })
})
