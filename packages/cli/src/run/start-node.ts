import { lookup } from 'node:dns/promises'
import process from 'node:process'
import {
  type Bootstrap,
  bootstrap,
  type FolderSnapshots,
  folderSnapshots,
  lanDiscovery,
  type SeedControl,
  systemResolver,
} from '@swimkit/bootstrap'
import {
  createNode,
  type Detector,
  formatAddress,
  type HostInterface,
  type Logger,
  type Node,
  type NodeOptions,
} from '@swimkit/core'
import { host as systemHost } from '@swimkit/host'
import { isOwnMachine, resolveBind } from '../config/bind.ts'
import { type CertificateFiles, certificateIn } from '../config/certificate.ts'
import type { StartSettings } from '../config/start-settings.ts'
import { bodyJson } from '../control/member-json.ts'
import { type Control, startControl } from '../control/start-control.ts'
import { CliError, reasonOf } from '../errors.ts'
import { type Io, wantsColour } from '../io.ts'
import { createLogger } from '../log.ts'
import { builtins, loadPlugin } from '../plugins/load.ts'
import { drainFor } from './drain.ts'
import { writePidFile } from './pid-file.ts'
import { type Sealing, sealingOf } from './sealing.ts'
import { statusLine, statusSampler } from './status-line.ts'

/** How a node's process comes to its end. */
type Ending =
  /** A signal: leave, then end. */
  | { readonly kind: 'interrupted' }
  /** Over the control API, which has left already where it was to leave. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly error: CliError }

/** A node is ready after so many milliseconds even where no seed has answered: see {@link readinessOf}. */
const loneliness = 10_000

/** Events that a follower of the control API can catch up on after it lost its connection. */
const eventHistory = 1_024

/** Status lines where nobody said how often, milliseconds. */
const defaultStatusInterval = 10_000

/**
 * Whether traffic may come to this node. It does not wait for a join for ever: behind a headless service, seeds resolve
 * to ready nodes only, so that if each waited for another none would ever be ready.
 */
export function readinessOf(node: Pick<Node, 'state'>, search: Pick<Bootstrap, 'state'>, servingFor: number) {
  if (node.state !== 'running') return { ready: false, reason: node.state }
  if (search.state !== 'searching') return { ready: true, reason: search.state }
  if (servingFor >= loneliness) return { ready: true, reason: 'no seed answered' }
  return { ready: false, reason: 'searching for a seed' }
}

async function lookupAll(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address)
}

async function addressesOf(
  settings: StartSettings,
  interfaces: readonly HostInterface[],
  logger: Logger,
): Promise<{ bind: string; advertise: string | undefined; local: boolean }> {
  const bind = await resolveBind(settings.bind, interfaces, lookupAll)
  if (bind.reason !== 'as given')
    logger.log('info', 'listening address chosen', { address: bind.host, reason: bind.reason })
  let advertise: string | undefined
  if (settings.advertise) {
    const { host, port } = settings.advertise
    const told = await resolveBind(host, interfaces, lookupAll, '--advertise')
    if (isOwnMachine(bind.host) && !isOwnMachine(told.host)) {
      throw new CliError(
        2,
        `--advertise: ${told.host} cannot be reached while --bind is ${bind.host}, which is loopback`,
      )
    }
    advertise = port === undefined ? told.host : formatAddress({ host: told.host, port })
  }
  return {
    bind: formatAddress({ host: bind.host, port: settings.port }),
    advertise,
    local: isOwnMachine(bind.host),
  }
}

/** The one that is to run, and the built-in ones that the cluster may be switched to. */
async function detectorsOf(wanted: string, cwd: string): Promise<readonly Detector[]> {
  const others = Object.keys(builtins.detector).filter((name) => name !== wanted)
  const [first, ...rest] = await Promise.all(
    [wanted, ...others].map((name) => loadPlugin('detector', name, cwd)),
  )
  // A plugin may bear the name of a built-in one.
  return [first!, ...rest.filter(({ name }) => name !== first!.name)]
}

/** Starts the node; what is wrong with its options or its port is the user's to mend, so exit code 2. */
async function startOrExplain(options: NodeOptions): Promise<Node> {
  let node: Node | undefined
  try {
    node = createNode(options)
    await node.start()
    return node
  } catch (error) {
    await node?.stop()
    const known = [
      'BindError',
      'OptionError',
      'SettingsError',
      'TooLargeError',
      'MemberDataError',
      'AddressError',
      'AdvertiseError',
      'SnapshotFolderError',
    ]
    const mendable = error instanceof Error && known.includes(error.name)
    throw new CliError(mendable ? 2 : 1, reasonOf(error), { cause: error })
  }
}

/** Where the node keeps what it knows; what is wrong with the folder is the user's to mend. */
async function snapshotsOf({ dataDir }: StartSettings): Promise<FolderSnapshots | undefined> {
  if (dataDir === undefined) return undefined
  try {
    return await folderSnapshots(dataDir)
  } catch (error) {
    throw new CliError(2, `--data-dir: ${reasonOf(error)}`, { cause: error })
  }
}

/**
 * Runs a node until a signal, the control API or a conflict ends it; resolves with the exit code. `reload` reads the settings anew, of which those
 * that can change at run time are taken over at a SIGHUP: the seeds, the keys and how strictly they are used, the tokens of the control API. A certificate is read anew then as well.
 */
export async function startNode(
  settings: StartSettings,
  io: Io,
  reload?: () => Promise<StartSettings>,
): Promise<number> {
  const colour = wantsColour(io.env, io.errIsTty)
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    colour,
    write: io.err,
    waiting: io.errWaiting,
    now: Date.now,
  })
  for (const warning of settings.warnings) logger.log('warn', warning)
  const { control: wanted, lanPort } = settings

  const system = systemHost()
  const [detectors, transport, codec, { bind, advertise, local }] = await Promise.all([
    detectorsOf(settings.detector, io.cwd),
    loadPlugin('transport', settings.transport, io.cwd),
    loadPlugin('codec', settings.codec, io.cwd),
    addressesOf(settings, system.interfaces(), logger),
  ])
  const sealing = sealingOf(settings, logger)
  const sealed = sealing === undefined ? {} : { sealer: sealing.sealer }
  const allowed = settings.allow.length === 0 ? {} : { allow: settings.allow }
  const snapshots = await snapshotsOf(settings)
  const node = await startOrExplain({
    name: settings.name,
    ...sealed,
    ...(snapshots === undefined ? {} : { snapshots }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(settings.payload === undefined ? {} : { payload: settings.payload }),
    ...allowed,
    cluster: settings.cluster,
    bind,
    host: system,
    transport,
    detector: detectors,
    codec,
    profile: settings.profile,
    settings: settings.timings,
    tags: settings.tags,
    services: settings.services,
    dropRate: settings.dropRate,
    eventHistory,
    logger,
  }).catch(async (error: unknown) => {
    await snapshots?.close()
    throw error
  })

  const keys = sealing?.serve(node)
  for (const [name, text] of Object.entries(settings.answers)) {
    node.onQuery(name, () => new TextEncoder().encode(text))
  }
  node.onBroadcast(({ body, from, name, time }) => {
    logger.log('info', 'broadcast', { name, from, time, ...bodyJson(body) })
  })

  const end = new AbortController()
  let control: Control | undefined
  let removePidFile: (() => Promise<void>) | undefined
  let search: Bootstrap | undefined
  try {
    let ended: (ending: Ending) => void = () => {}
    const ending = new Promise<Ending>((resolve) => {
      ended = resolve
    })
    const fail = (error: unknown) =>
      ended({ kind: 'failed', error: new CliError(1, reasonOf(error), { cause: error }) })
    io.interrupted.addEventListener('abort', () => ended({ kind: 'interrupted' }), { once: true })
    if (io.interrupted.aborted) ended({ kind: 'interrupted' })
    node.conflict.then((lost) => {
      if (lost === undefined) return
      const { name, own, other } = lost
      fail(
        `the name ${JSON.stringify(name)} belongs to a live process at ${other}, so this one at ${own} ends: choose another --name`,
      )
    }, fail)
    node.failed.then((error) => {
      if (error !== undefined) fail(`the transport failed: ${error.message}`)
    }, fail)

    const since = Date.now()
    control = await startControl(node, {
      host: wanted.host,
      ...(wanted.port === undefined ? {} : { port: wanted.port }),
      ...(wanted.socketPath === undefined ? {} : { socketPath: wanted.socketPath }),
      ...(wanted.token === undefined ? {} : { token: wanted.token }),
      ...(wanted.readToken === undefined ? {} : { readToken: wanted.readToken }),
      ...(wanted.certificate === undefined ? {} : { certificate: wanted.certificate }),
      ...(wanted.rateLimit === undefined ? {} : { rateLimit: wanted.rateLimit }),
      hostNames: wanted.names,
      // Where the node's own port was left to the system, the port above it is a guess and may be taken.
      anyPort: settings.port === 0,
      readiness: () => readinessOf(node, search ?? { state: 'searching' }, Date.now() - since),
      seeds: () => search ?? noSeeds,
      ...(keys === undefined ? {} : { keys }),
      drain: settings.drain,
      onEnd: () => ended({ kind: 'asked' }),
      logger,
      resolver: systemResolver,
    })
    if (settings.pidFile !== undefined) removePidFile = await writePidFile(settings.pidFile)

    const { address } = node.self
    const { detector: detectorName } = node.config
    const { name, runtime } = node
    io.out(
      `ready ${JSON.stringify({ name, address, control: control.url, detector: detectorName, transport: node.transport, codec: node.codec, runtime, pid: process.pid })}\n`,
    )
    logger.log('info', 'serving', { name, address, advertised: node.advertiseReason, control: control.url })
    if (sealing === undefined && !local) {
      logger.log('warn', 'nothing is sealed: whoever can send to this address takes part', {
        advice: 'give all members a key, which swim-cli keygen makes, as --key-file',
      })
    }
    search = bootstrap(node, {
      host: system,
      seeds: settings.seeds,
      ...(lanPort === undefined
        ? {}
        : { lan: lanDiscovery({ host: system, port: lanPort, ...sealed, ...allowed }) }),
      logger,
      signal: end.signal,
      onConflict: fail,
    })
    if (reload !== undefined)
      io.onHangup(() => void takeOver(reload, { control: control!, seeds: search!, sealing, logger }))
    const { certificateFiles } = wanted
    if (certificateFiles !== undefined)
      io.onHangup(() => void renewCertificate(control!, certificateFiles, logger))
    showStatus(node, settings, colour, io, end.signal)

    const how = await ending
    end.abort()
    if (how.kind === 'failed') throw how.error
    if (how.kind === 'interrupted') await leave(node, settings.drain, logger)
    return 0
  } finally {
    end.abort()
    await Promise.all([control?.close(), node.stop(), removePidFile?.(), search?.done])
    // The last one is saved by then.
    await snapshots?.close()
  }
}

/** Before they are looked at. */
const noSeeds: SeedControl = { seeds: [], replace: () => undefined }

/** Shows the certificate that is in its files by now; one that is wrong changes nothing. */
async function renewCertificate(control: Control, files: CertificateFiles, logger: Logger): Promise<void> {
  try {
    const warnings: string[] = []
    await control.renew(await certificateIn(files, warnings))
    for (const warning of warnings) logger.log('warn', warning)
    logger.log('info', 'the certificate of the control API was read anew')
  } catch (error) {
    logger.log('error', 'the certificate of the control API was not taken over', { reason: reasonOf(error) })
  }
}

interface Running {
  readonly control: Control
  readonly seeds: SeedControl
  readonly sealing: Sealing | undefined
  readonly logger: Logger
}

/** Takes the seeds, the keys with how strictly they are used, and the tokens, as their files have them by now; what is wrong changes nothing. */
async function takeOver(
  reload: () => Promise<StartSettings>,
  { control, logger, sealing, seeds }: Running,
): Promise<void> {
  try {
    const settings = await reload()
    for (const warning of settings.warnings) logger.log('warn', warning)
    if (control.setTokens(settings.control)) {
      logger.log('info', 'the tokens of the control API are others now: event streams ended')
    }
    // Without a file they are what they were, or what was asked for since.
    if (settings.configFile !== undefined) seeds.replace(settings.seeds)
    if (sealing !== undefined) await sealing.reload(settings)
    else if (settings.keys.length > 0) {
      logger.log(
        'warn',
        'keys are given, and this node began without any: it seals nothing until it is started again',
      )
    }
  } catch (error) {
    logger.log('error', 'the configuration was not taken over', { reason: reasonOf(error) })
  }
}

/** Tells the cluster; a cluster that does not answer must not keep the process from ending. */
async function leave(node: Node, drain: number, logger: Logger): Promise<void> {
  if (node.state !== 'running') return
  logger.log('info', 'leaving; once more to end at once')
  const deadline = AbortSignal.timeout(2 * node.settings.leaveTimeout + drain + 1_000)
  try {
    const { acknowledgedBy } = await node.leave({ ...drainFor(drain), signal: deadline })
    logger.log('info', 'left', { acknowledgedBy: acknowledgedBy.length })
  } catch (error) {
    logger.log('warn', 'left without confirmation', { reason: reasonOf(error) })
  }
}

function showStatus(node: Node, settings: StartSettings, colour: boolean, io: Io, signal: AbortSignal): void {
  const interval = settings.statusInterval ?? (io.errIsTty ? defaultStatusInterval : 0)
  if (interval === 0) return
  const sample = statusSampler(node, Date.now)
  const timer = setInterval(() => {
    // What nobody reads is old when somebody does.
    if (io.errWaiting() > 0) return
    const now = sample()
    if (settings.logFormat === 'json') {
      io.err(
        `${JSON.stringify({ time: new Date().toISOString(), level: 'info', message: 'status', ...now })}\n`,
      )
    } else io.err(`${statusLine(now, colour)}\n`)
  }, interval)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
