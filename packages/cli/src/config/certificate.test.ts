import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestCertificate, type TestCertificates, testCertificates } from '../testing/certificates.ts'
import { certificateIn } from './certificate.ts'

let certificates: TestCertificates
let own: TestCertificate
let other: TestCertificate
beforeAll(async () => {
  certificates = await testCertificates()
  own = await certificates.issue('own')
  other = await certificates.issue('other')
})
afterAll(() => certificates.remove())

const read = (cert: string, key: string, warnings: string[] = []) =>
  certificateIn(
    { cert: { label: '--control-cert', path: cert }, key: { label: '--control-key', path: key } },
    warnings,
  )
const file = async (name: string, text: string): Promise<string> => {
  const path = join(certificates.folder, name)
  await writeFile(path, text, { mode: 0o600 })
  return path
}

describe('a certificate and its key', () => {
  it('are read as they are', async () => {
    const warnings: string[] = []
    expect(await read(own.certFile, own.keyFile, warnings)).toEqual({ cert: own.cert, key: own.key })
    expect(warnings).toEqual([])
  })

  it('may be followed by those that lead to the authority', async () => {
    const chain = await file('chain.crt', `${own.cert}\n${certificates.authority.cert}`)
    expect((await read(chain, own.keyFile)).cert).toContain(certificates.authority.cert)
  })

  it('are refused where one of those that follow cannot be read, and warned of where it has expired', async () => {
    const cut = certificates.authority.cert.replace(/\n-----END/, 'x\n-----END')
    const broken = await file('broken-chain.crt', `${own.cert}\n${cut}`)
    await expect(read(broken, own.keyFile)).rejects.toMatchObject({
      exitCode: 2,
      message: `--control-cert: ${JSON.stringify(broken)} holds certificates of which number 2 cannot be read`,
    })
    const late = await certificates.issue('late-between', { expired: true })
    const warnings: string[] = []
    await read(await file('late-chain.crt', own.cert + late.cert), own.keyFile, warnings)
    expect(warnings).toEqual([expect.stringMatching(/^--control-cert: a certificate in .* has expired, at /)])
  })

  it('are refused where they do not belong together', async () => {
    await expect(read(own.certFile, other.keyFile)).rejects.toMatchObject({
      exitCode: 2,
      message: `--control-key: ${JSON.stringify(other.keyFile)} is not the key of the certificate in ${JSON.stringify(own.certFile)}`,
    })
  })

  it.each([
    ['nothing.crt', '', 'holds no certificate in PEM'],
    [
      'broken.crt',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'holds no certificate that can be read',
    ],
  ])('are refused where the certificate is %s', async (name, text, why) => {
    const path = await file(name, text)
    await expect(read(path, own.keyFile)).rejects.toThrow(`--control-cert: ${JSON.stringify(path)} ${why}`)
  })

  it.each([
    ['nothing.key', '', 'holds no private key in PEM'],
    [
      'broken.key',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'holds no private key that can be read',
    ],
  ])('are refused where the key is %s', async (name, text, why) => {
    const path = await file(name, text)
    await expect(read(own.certFile, path)).rejects.toThrow(`--control-key: ${JSON.stringify(path)} ${why}`)
  })

  it('are refused where they were mixed up, or the key has a passphrase', async () => {
    await expect(read(own.keyFile, own.certFile)).rejects.toThrow('holds no certificate in PEM')
    await expect(read(own.certFile, own.certFile)).rejects.toThrow('holds no private key in PEM')
    const { private: locked } = await generate(undefined, { keyType: 'ec', passphrase: 'correct horse' })
    await expect(read(own.certFile, await file('locked.key', locked))).rejects.toThrow('with a passphrase')
  })

  it('are refused where there is no such file', async () => {
    const gone = join(certificates.folder, 'gone')
    await expect(read(gone, own.keyFile)).rejects.toThrow(
      `--control-cert: cannot read ${JSON.stringify(gone)}: there is no such file`,
    )
    await expect(read(own.certFile, gone)).rejects.toThrow('--control-key: cannot read')
  })

  it('no refusal shows anything of a key', async () => {
    const broken = await file('cut.key', own.key.replace(/\n-----END/, 'x\n-----END').slice(0, -40))
    const error = await read(own.certFile, broken).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('--control-key')
    for (const line of own.key.split('\n').filter((each) => !each.startsWith('-') && each !== '')) {
      expect(String(error)).not.toContain(line)
    }
  })

  it('warn where others may read the key, and where the certificate has expired', async () => {
    const late = await certificates.issue('late', { expired: true })
    await chmod(late.keyFile, 0o644)
    const warnings: string[] = []
    await read(late.certFile, late.keyFile, warnings)
    expect(warnings).toEqual([
      expect.stringMatching(/^--control-cert: the certificate in .* has expired, at /),
      expect.stringMatching(/^--control-key: others may read .*: chmod 600 it$/),
    ])
  })
})
