import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestCertificates, testCertificates } from '../../packages/cli/src/testing/certificates.ts'
import { ask, responseTo, wireTo } from './control-requests.ts'
import { eventually, runtimes, start, succeeded, swim } from './swim-process.ts'

let certificates: TestCertificates
let ca: string
let caFile: string
beforeAll(async () => {
  certificates = await testCertificates()
  ca = certificates.authority.cert
  caFile = certificates.authority.certFile
})
afterAll(() => certificates.remove())

/** Whose certificate is shown to who connects. */
async function shownBy(control: string): Promise<string> {
  const socket = connect({
    port: Number(new URL(control).port),
    host: '127.0.0.1',
    ca,
    servername: 'localhost',
  })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

describe.each(runtimes)('a control API over TLS on %s', (runtime) => {
  test('is found by who trusts its authority, and shows a renewed certificate without a break', async () => {
    const folder = certificates.folder
    const [cert, key] = [join(folder, `${runtime}-shown.crt`), join(folder, `${runtime}-shown.key`)]
    const show = async (of: { certFile: string; keyFile: string }) => {
      await copyFile(of.certFile, cert)
      await copyFile(of.keyFile, key)
    }
    await show(await certificates.issue(`${runtime}-first`))
    const tls = ['--control-cert', cert, '--control-key', key]
    const node = await start(['--name', 'a', '--port', '0', ...tls], runtime)
    const { control } = node.ready
    expect(control).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)

    const members = (...more: string[]) => swim(['members', '--control', control, ...more], runtime)
    expect((await members('--control-ca', caFile)).stdout).toMatch(/^a /m)
    const stranger = await members()
    expect([stranger.code, stranger.stdout]).toEqual([1, ''])
    expect(stranger.stderr).toContain(
      'its certificate is not accepted: nobody who is trusted here has signed it',
    )
    const plain = await swim(['members', '--control', control.replace('https:', 'http:')], runtime)
    expect([plain.code, plain.stderr]).toEqual([1, expect.stringContaining('if it speaks TLS, try https://')])
    const bare = await start(['--name', 'b', '--port', '0'])
    const secure = bare.ready.control.replace('http:', 'https:')
    const refused = await swim(['members', '--control', secure], runtime)
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`no node answers at ${secure}: it does not speak TLS; try http://`),
    ])

    expect((await ask(control, '/healthz', { ca, headers: { origin: control } })).status).toBe(200)
    const crossed = { ca, headers: { origin: control.replace('https:', 'http:') } }
    expect((await ask(control, '/healthz', crossed)).code).toBe('origin')
    const named = await ask(control, '/healthz', { ca, headers: { host: 'localhost' } })
    expect(named.headers['strict-transport-security']).toBeUndefined()

    const followed = await responseTo(control, '/v1/events', { ca })
    let ended = false
    let seen = ''
    followed.setEncoding('utf8')
    followed.on('data', (chunk: string) => {
      seen += chunk
    })
    followed.on('close', () => {
      ended = true
    })
    expect(await shownBy(control)).toBe(`${runtime}-first`)
    await copyFile((await certificates.issue(`${runtime}-stranger`)).certFile, cert)
    node.signal('SIGHUP')
    await eventually('what does not belong together is refused', 20_000, async () => ({
      ok: /was not taken over.*is not the key of the certificate/.test(node.stderr()),
      seen: node.stderr(),
    }))
    expect(await shownBy(control)).toBe(`${runtime}-first`)

    await show(await certificates.issue(`${runtime}-second`))
    node.signal('SIGHUP')
    await eventually('the second one is shown', 20_000, async () => {
      const shown = await shownBy(control)
      return { ok: shown === `${runtime}-second`, seen: shown }
    })
    succeeded(await swim(['tags', 'a=b', '--control', control, '--control-ca', caFile], runtime))
    await eventually('who followed before still does', 20_000, async () => ({
      ok: /"type":"update"/.test(seen) && !ended,
      seen,
    }))
    followed.destroy()
    node.signal('SIGTERM')
    expect(await node.exited, node.stderr()).toBe(0)
  })

  test('says why a certificate is not accepted, or not started with', async () => {
    const late = await certificates.issue(`${runtime}-late`, { expired: true })
    const own = await certificates.issue(`${runtime}-own`)
    const tls = ['--control-cert', late.certFile, '--control-key', late.keyFile]
    const node = await start(['--name', 'a', '--port', '0', ...tls], runtime)
    expect(node.stderr()).toContain('has expired')
    const [refused, other] = await Promise.all([
      swim(['members', '--control', node.ready.control, '--control-ca', caFile], runtime),
      swim(['start', '--port', '0', '--control-cert', own.certFile, '--control-key', late.keyFile], runtime),
    ])
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/not accepted: .*it has expired/),
    ])
    expect([other.code, other.stdout]).toEqual([2, ''])
    expect(other.stderr).toBe(
      `swim-cli: --control-key: ${JSON.stringify(late.keyFile)} is not the key of the certificate in ${JSON.stringify(own.certFile)}\n`,
    )
  })
})

test('a certificate that has signed itself is trusted by itself, and not under another name, on each runtime', async () => {
  const own = await certificates.selfSigned('own')
  const tls = ['--control-cert', own.certFile, '--control-key', own.keyFile]
  const node = await start(['--name', 'a', '--port', '0', ...tls])
  const elsewhere = await start(['--name', 'b', '--port', '0', '--control', '127.0.0.2:0', ...tls])
  for (const runtime of runtimes) {
    const trust = ['--control-ca', own.certFile]
    const [good, bad] = await Promise.all([
      swim(['members', '--control', node.ready.control, ...trust], runtime),
      swim(['members', '--control', elsewhere.ready.control, ...trust], runtime),
    ])
    expect([runtime, good.code, good.stderr]).toEqual([runtime, 0, ''])
    expect([runtime, bad.code, bad.stderr]).toEqual([
      runtime,
      1,
      expect.stringContaining('not accepted: it is for another name'),
    ])
  }
})

test('who connects and says nothing is let go as it is without TLS, on each runtime', async () => {
  const own = await certificates.selfSigned('silent')
  const tls = ['--control-cert', own.certFile, '--control-key', own.keyFile]
  await Promise.all(
    runtimes.map(async (runtime) => {
      const node = await start(['--name', 'a', '--port', '0', ...tls], runtime)
      const begin = performance.now()
      const silent = wireTo(node.ready.control, '')
      expect(await silent.closed).toBe('')
      // 10 s, which Bun looks at every 4 s.
      expect([runtime, performance.now() - begin < 20_000]).toEqual([runtime, true])
    }),
  )
})
