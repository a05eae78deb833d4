import { isIP } from 'node:net'
import type { Certificate } from '../control/listen.ts'
import { CliError } from '../errors.ts'
import { isOwnMachine } from './bind.ts'
import { type CertificateFiles, certificateIn } from './certificate.ts'
import type { ControlAddress } from './control-address.ts'
import { eitherOf, envRank, flagRank, type Loaded } from './load.ts'
import { tokenIn } from './token.ts'

/** How `start` serves its control API. */
export interface ControlSettings {
  readonly host: string
  /** 0 picks a free one; undefined: the node's port + 10000. */
  readonly port: number | undefined
  /** A Unix socket instead of host and port. */
  readonly socketPath: string | undefined
  readonly token: string | undefined
  /** A token that only reads. */
  readonly readToken: string | undefined
  /** Whether one of them is in a file of its own, which can be read anew. */
  readonly tokensInFiles: boolean
  /** Where the certificate is read anew; undefined: no TLS. */
  readonly certificateFiles: CertificateFiles | undefined
  readonly certificate: Certificate | undefined
  /** Under which it is reached, besides IP addresses and `localhost`. */
  readonly names: readonly string[]
  /** Requests a second of one address; undefined: the default. */
  readonly rateLimit: number | undefined
}

/** A token, and where it is from. */
interface GivenToken {
  readonly text: string
  readonly label: string
  readonly inFile: boolean
}

async function givenToken(
  loaded: Loaded,
  asText: 'control-token' | 'control-read-token',
  warnings: string[],
): Promise<GivenToken | undefined> {
  const { source, values } = loaded
  const inFile = `${asText}-file` as const
  const key = eitherOf(loaded, asText, inFile)
  if (key === undefined) return undefined
  const { label, rank } = source.get(key) ?? { label: key, rank: undefined }
  if (key === inFile) return { text: await tokenIn(label, values[key]!, warnings), label, inFile: true }
  if (rank === flagRank) {
    const variable = `SWIM_${asText.toUpperCase().replaceAll('-', '_')}`
    warnings.push(`--${asText} shows in the process list: prefer --${inFile} or ${variable}`)
  }
  return { text: values[key]!, label, inFile: false }
}

function certificateFiles({ source, values }: Loaded): CertificateFiles | undefined {
  const [cert, key] = [values['control-cert'], values['control-key']]
  if (cert === undefined && key === undefined) return undefined
  const label = (of: 'control-cert' | 'control-key') => source.get(of)?.label ?? `--${of}`
  if (cert === undefined || key === undefined) {
    const [given, missing] =
      cert === undefined
        ? (['control-key', 'control-cert'] as const)
        : (['control-cert', 'control-key'] as const)
    throw new CliError(2, `${label(given)}: --${missing} is needed with it`)
  }
  return {
    cert: { label: label('control-cert'), path: cert },
    key: { label: label('control-key'), path: key },
  }
}

/** The port that counts where the address has one and `--control-port` is given: that of the stronger source. */
function portOf({ source, values }: Loaded, fromAddress: number | undefined): number | undefined {
  const port = values['control-port']
  const [address, alone] = [source.get('control'), source.get('control-port')]
  if (
    port !== undefined &&
    fromAddress !== undefined &&
    fromAddress !== port &&
    address?.rank === alone?.rank
  ) {
    throw new CliError(2, `${address?.label} and ${alone?.label} name different ports: give one of them`)
  }
  const stronger = port !== undefined && (alone?.rank ?? envRank) <= (address?.rank ?? Infinity)
  return stronger ? port : (fromAddress ?? port)
}

/** A Unix socket has neither port nor certificate. A port from a weaker source stands for nothing then. */
function checkSocket({ source }: Loaded): void {
  const [address, port] = [source.get('control'), source.get('control-port')]
  if (port !== undefined && port.rank <= (address?.rank ?? Infinity)) {
    throw new CliError(2, `${port.label}: ${address?.label} names a Unix socket, which has no port`)
  }
  const given = source.get('control-cert') ?? source.get('control-key')
  if (given !== undefined) {
    throw new CliError(
      2,
      `${given.label}: ${address?.label} names a Unix socket, which is never served over TLS`,
    )
  }
}

function checkScheme({ source }: Loaded, address: ControlAddress, secure: boolean): void {
  if (address.kind === 'unix' || address.scheme === undefined) return
  const label = source.get('control')?.label
  if (address.scheme === 'https' && !secure) {
    throw new CliError(2, `${label}: https:// needs --control-cert and --control-key`)
  }
  if (address.scheme === 'http' && secure) {
    throw new CliError(2, `${label}: must be https://, as there is a certificate`)
  }
}

/** Throws a {@link CliError} with exit code 2 where they would let in others than they say. */
function checkAccess(
  { source }: Loaded,
  { host, socketPath }: ControlSettings,
  token: GivenToken | undefined,
  readToken: GivenToken | undefined,
): void {
  if (socketPath === undefined && !isOwnMachine(host) && token === undefined) {
    throw new CliError(
      2,
      `${source.get('control')?.label}: ${host} is open to others, so it needs a token: give --control-token-file`,
    )
  }
  if (readToken === undefined) return
  if (token === undefined) {
    throw new CliError(
      2,
      `${readToken.label}: changes would be open to all: give --control-token-file as well`,
    )
  }
  if (readToken.text === token.text) {
    throw new CliError(2, `${readToken.label}: must not be the same as the token for changes`)
  }
}

/** The name that it listens at is one under which it is reached. */
function ownName(address: ControlAddress): readonly string[] {
  return address.kind === 'port' && isIP(address.host) === 0 ? [address.host] : []
}

/** From what was loaded. Throws a {@link CliError} with exit code 2. */
export async function controlSettings(loaded: Loaded, warnings: string[]): Promise<ControlSettings> {
  const { values } = loaded
  const address: ControlAddress = values.control ?? {
    kind: 'port',
    host: '127.0.0.1',
    port: undefined,
    scheme: undefined,
  }
  if (address.kind === 'unix') checkSocket(loaded)
  const files = certificateFiles(loaded)
  checkScheme(loaded, address, files !== undefined)
  const token = await givenToken(loaded, 'control-token', warnings)
  const readToken = await givenToken(loaded, 'control-read-token', warnings)
  const settings: ControlSettings = {
    host: address.kind === 'unix' ? '127.0.0.1' : address.host,
    port: address.kind === 'unix' ? undefined : portOf(loaded, address.port),
    socketPath: address.kind === 'unix' ? address.path : undefined,
    token: token?.text,
    readToken: readToken?.text,
    tokensInFiles: [token, readToken].some((given) => given?.inFile),
    certificateFiles: files,
    certificate: files === undefined ? undefined : await certificateIn(files, warnings),
    names: [...(values['control-name'] ?? []), ...ownName(address)],
    rateLimit: values['control-rate-limit'],
  }
  checkAccess(loaded, settings, token, readToken)
  if (settings.socketPath === undefined && !isOwnMachine(settings.host) && files === undefined) {
    warnings.push(
      `the control API at ${settings.host} is not encrypted: its tokens can be read on the way; give --control-cert and --control-key, or put a proxy with TLS before it`,
    )
  }
  return settings
}
