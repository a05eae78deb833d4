import { pathToFileURL } from 'node:url'
import { checkPlugin, compose, type PluginKind, type PluginKinds, pluginCandidates } from '@swimkit/core'
import { CliError, codeOf, reasonOf } from '../errors.ts'

type Builtins = { readonly [K in PluginKind]: Readonly<Record<string, () => Promise<PluginKinds[K]>>> }

/** No node of this command sends packets above 1,400 bytes; this is what the largest frames hold that networks are set up for. Bytes. */
const largestPacket = 9_000

/** What needs no search: the names that help mentions. A specifier that is written out here is never a user's text. */
export const builtins: Builtins = {
  detector: {
    gossip: async () => (await import('@swimkit/detector-gossip')).gossip(),
    pingack: async () => (await import('@swimkit/detector-pingack')).pingAck(),
  },
  transport: {
    udp: async () => {
      const [{ udp }, { tcp }] = await Promise.all([
        import('@swimkit/transport-udp'),
        import('@swimkit/transport-tcp'),
      ])
      return compose({ packets: udp({ maxPacketBytes: largestPacket }), streams: tcp(), name: 'udp' })
    },
    tcp: async () => (await import('@swimkit/transport-tcp')).tcp({ packets: true }),
  },
  codec: {
    swim: async () => (await import('@swimkit/core')).swimCodec(),
    json: async () => (await import('@swimkit/core')).jsonCodec(),
  },
}

/** Where a package is for a program in that folder, as a file URL; undefined where it is not installed. */
async function locate(name: string, folder: string): Promise<string | undefined> {
  const { resolve } = await import('import-meta-resolve')
  try {
    const url = resolve(name, folder)
    // Modules of the runtime itself (`fs`) resolve too, and are no plugins.
    return url.startsWith('file:') ? url : undefined
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * The plugin that the user's configuration names. A plugin is installed beside the user's project, so it is looked for
 * from the working directory first, and then from this package. Throws a {@link CliError} with exit code 2.
 */
export async function loadPlugin<K extends PluginKind>(
  kind: K,
  name: string,
  cwd: string,
): Promise<PluginKinds[K]> {
  const builtin = Object.hasOwn(builtins[kind], name) ? builtins[kind][name] : undefined
  if (builtin) return builtin()
  let candidates: readonly string[]
  try {
    candidates = pluginCandidates(kind, name)
  } catch (error) {
    throw new CliError(2, reasonOf(error), { cause: error })
  }
  for (const candidate of candidates) {
    for (const folder of [pathToFileURL(`${cwd}/`).href, import.meta.url]) {
      try {
        const url = await locate(candidate, folder)
        if (url === undefined) continue
        const module: { readonly default?: unknown } = await import(url)
        return await complete(kind, checkPlugin(kind, module.default, candidate))
      } catch (error) {
        const reason = reasonOf(error)
        const named = reason.includes(candidate) ? reason : `${kind} plugin ${candidate}: ${reason}`
        throw new CliError(2, named, { cause: error })
      }
    }
  }
  const own = Object.keys(builtins[kind]).join(', ')
  throw new CliError(
    2,
    `${kind} ${JSON.stringify(name)} is not installed: built in are ${own}, and there is no package ${candidates.join(', ')}`,
  )
}

/** A transport without streams gets TCP's: joining and full syncs need them. */
async function complete<K extends PluginKind>(kind: K, plugin: PluginKinds[K]): Promise<PluginKinds[K]> {
  if (kind !== 'transport') return plugin
  const transport = plugin as PluginKinds['transport'] // what this kind is
  if (transport.streams) return plugin
  const { tcp } = await import('@swimkit/transport-tcp')
  return compose({ packets: transport, streams: tcp(), name: transport.name }) as PluginKinds[K]
}
