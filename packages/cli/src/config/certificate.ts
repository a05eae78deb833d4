import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Certificate } from '../control/listen.ts'
import { CliError } from '../errors.ts'
import { type NamedFile, readNamedFile } from './named-file.ts'

/** Where a certificate and its key are, and what each file was given as. */
export interface CertificateFiles {
  readonly cert: NamedFile
  readonly key: NamedFile
}

async function pem({ label, path }: NamedFile): Promise<string> {
  return new TextDecoder().decode(await readNamedFile(label, path))
}

function parseCertificate(text: string, fail: (why: string) => CliError): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw fail('holds no certificate in PEM')
  try {
    return new X509Certificate(text)
  } catch {
    throw fail('holds no certificate that can be read')
  }
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
 * not, and fail with whoever connects. Warns of a key that others may read and of a certificate that has expired. Throws a
 * {@link CliError} with exit code 2 that shows nothing of a key.
 */
export async function certificateIn(
  { cert, key }: CertificateFiles,
  warnings: string[],
): Promise<Certificate> {
  const failIn =
    ({ label, path }: NamedFile) =>
    (why: string) =>
      new CliError(2, `${label}: ${JSON.stringify(path)} ${why}`)
  const [certText, keyText] = await Promise.all([pem(cert), pem(key)])
  const parsed = parseCertificate(certText, failIn(cert))
  if (!parsed.checkPrivateKey(parseKey(keyText, failIn(key)))) {
    throw failIn(key)(`is not the key of the certificate in ${JSON.stringify(cert.path)}`)
  }
  if (Date.parse(parsed.validTo) < Date.now()) {
    warnings.push(`${cert.label}: the certificate in ${cert.path} has expired, at ${parsed.validTo}`)
  }
  const { mode } = await stat(key.path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    warnings.push(`${key.label}: others may read ${key.path}, which holds a private key: chmod 600 it`)
  }
  return { cert: certText, key: keyText }
}
