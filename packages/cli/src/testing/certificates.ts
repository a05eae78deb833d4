import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** A certificate and its key, as text and as files. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

export interface TestCertificates {
  readonly folder: string
  /** An authority that signs others; what a client trusts. */
  readonly authority: TestCertificate
  /** One for `localhost`, `127.0.0.1` and these names, signed by the authority. */
  issue(
    name: string,
    options?: { readonly names?: readonly string[]; readonly expired?: boolean },
  ): Promise<TestCertificate>
  /** One that has signed itself. */
  selfSigned(name: string): Promise<TestCertificate>
  remove(): Promise<void>
}

const day = 86_400_000
const names = (more: readonly string[]) => ({
  name: 'subjectAltName' as const,
  altNames: [
    ...['localhost', ...more].map((value) => ({ type: 2 as const, value })),
    { type: 7 as const, ip: '127.0.0.1' },
  ],
})
const common = { keyType: 'ec' as const, algorithm: 'sha256' }

/** An authority and what it signs, in a folder of its own. */
export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'swimkit-tls-'))
  async function keep(name: string, cert: string, key: string): Promise<TestCertificate> {
    const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
    await writeFile(certFile, cert)
    await writeFile(keyFile, key, { mode: 0o600 })
    return { cert, key, certFile, keyFile }
  }
  const root = await generate([{ name: 'commonName', value: 'authority of the tests' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const authority = await keep('authority', root.cert, root.private)
  return {
    folder,
    authority,
    async issue(name, { names: more = [], expired = false } = {}) {
      const now = Date.now()
      const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
        ...common,
        ca: { cert: authority.cert, key: authority.key },
        notBeforeDate: new Date(now - 2 * day),
        notAfterDate: new Date(now + (expired ? -1 : 1) * day),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true },
          names(more),
        ],
      })
      return keep(name, cert, key)
    },
    async selfSigned(name) {
      const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
        ...common,
        extensions: [{ name: 'basicConstraints', cA: false }, names([])],
      })
      return keep(name, cert, key)
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
