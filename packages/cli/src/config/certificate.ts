import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Certificate } from '../control/listen.ts'
import { CliError } from '../errors.ts'
import { type NamedFile, readNamedFile, warnOfReaders } from './named-file.ts'

/** Where a certificate and its key are, and what each file was given as. */
export interface CertificateFiles {
  readonly cert: NamedFile
  readonly key: NamedFile
}

async function pem({ label, path }: NamedFile): Promise<string> {
  return new TextDecoder().decode(await readNamedFile(label, path))
}

const begin = '-----BEGIN CERTIFICATE-----'

/** All certificates of a file in PEM, at least one; what is between them does not count. Throws a {@link CliError} with exit code 2. */
export async function certificatesIn({ label, path }: NamedFile): Promise<{
  readonly text: string
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
}> {
  const fail = (why: string) => new CliError(2, `${label}: ${JSON.stringify(path)} ${why}`)
  const text = await pem({ label, path })
  const [first, ...others] = text.split(begin).slice(1)
  if (first === undefined) throw fail('holds no certificate in PEM')
  const parse = (rest: string, i: number): X509Certificate => {
    try {
      return new X509Certificate(begin + rest)
    } catch {
      throw fail(
        i === 0
          ? 'holds no certificate that can be read'
          : `holds certificates of which number ${i + 1} cannot be read`,
      )
    }
  }
  return { text, certificates: [parse(first, 0), ...others.map((each, i) => parse(each, i + 1))] }
}

function parseKey(text: string, fail: (why: string) => CliError): KeyObject {
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw fail('holds a key with a passphrase, for which nobody could be asked')
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw fail('holds no private key in PEM')
  try {
    return createPrivateKey(text)
  } catch {
    throw fail('holds no private key that can be read')
  }
}

/**
 * A certificate and its key, from their files. That they belong together is found out here, as Bun and Deno serve what does
 * not, and fail with whoever connects; so is whether each of a chain can be read. Warns of a key that others may read and of one that has expired. Throws a
 * {@link CliError} with exit code 2 that shows nothing of a key.
 */
export async function certificateIn(
  { cert, key }: CertificateFiles,
  warnings: string[],
): Promise<Certificate> {
  const fail = (why: string) => new CliError(2, `${key.label}: ${JSON.stringify(key.path)} ${why}`)
  const [{ certificates, text }, keyText] = await Promise.all([certificatesIn(cert), pem(key)])
  const [own] = certificates
  if (!own.checkPrivateKey(parseKey(keyText, fail))) {
    throw fail(`is not the key of the certificate in ${JSON.stringify(cert.path)}`)
  }
  const expired = certificates.find(({ validTo }) => Date.parse(validTo) < Date.now())
  if (expired !== undefined) {
    const which = expired === own ? 'the certificate' : 'a certificate'
    warnings.push(`${cert.label}: ${which} in ${cert.path} has expired, at ${expired.validTo}`)
  }
  await warnOfReaders(key.label, key.path, 'a private key', warnings)
  return { cert: text, key: keyText }
}
