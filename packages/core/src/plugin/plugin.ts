import type { Detector } from '../engine/detector.ts'
import type { Transport } from '../node/transport.ts'
import type { CodecPlugin } from '../wire/codec.ts'

/** The contract that this build speaks with its plugins. It rises when an old plugin would no longer work. */
export const pluginApi = 1

/** What each kind of plugin has to be. */
export interface PluginKinds {
  readonly detector: Detector
  readonly transport: Transport
  readonly codec: CodecPlugin
}
export type PluginKind = keyof PluginKinds
export type Plugin = PluginKinds[PluginKind]

/** The default export of a plugin's package: makes the plugin, with options of the plugin's own choosing. */
export type PluginFactory<P extends Plugin = Plugin> = (options?: Readonly<Record<string, unknown>>) => P

/** What is wrong with a plugin: its name, that nothing was found, what it exports, or its contract number. */
export type PluginErrorCode = 'name' | 'not-found' | 'export' | 'kind' | 'api' | 'shape'

/** A plugin that cannot be used. Nothing of it was started. */
export class PluginError extends Error {
  override readonly name = 'PluginError'
  readonly code: PluginErrorCode
  constructor(code: PluginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The methods without which a plugin of this kind cannot serve. */
const methods: { readonly [K in PluginKind]: readonly (keyof PluginKinds[K] & string)[] } = {
  detector: ['attach'],
  transport: ['open', 'send', 'dial', 'stats', 'close'],
  codec: ['open'],
}

/** Why something is not a plugin of a kind, or undefined where it is one. */
function faultOf(kind: PluginKind, plugin: unknown): readonly [PluginErrorCode, string] | undefined {
  if (typeof plugin !== 'object' || plugin === null) {
    return ['shape', `must be an object, not ${plugin === null ? 'null' : typeof plugin}`]
  }
  const fields = plugin as Readonly<Record<string, unknown>> // looked at field by field, below
  if (fields.kind !== kind) {
    return [
      'kind',
      fields.kind === undefined ? `is no ${kind}` : `is a ${String(fields.kind)}, not a ${kind}`,
    ]
  }
  if (fields.api !== pluginApi) {
    return ['api', `speaks plugin contract ${String(fields.api)}; this build speaks ${pluginApi}`]
  }
  if (typeof fields.name !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(fields.name)) {
    return ['shape', 'must have a name of 1 to 64 printable characters without spaces']
  }
  for (const method of methods[kind]) {
    if (typeof fields[method] !== 'function') return ['shape', `has no method ${method}()`]
  }
  return undefined
}

/**
 * Checks a plugin where it is written, and gives it back: `export default () => definePlugin('detector', {…})`.
 * Throws a {@link PluginError} that says what is missing.
 */
export function definePlugin<K extends PluginKind, P extends PluginKinds[K]>(kind: K, plugin: P): P {
  const fault = faultOf(kind, plugin)
  if (fault) throw new PluginError(fault[0], `${kind} plugin ${fault[1]}`)
  return plugin
}

/**
 * The plugin behind a package's default export: a factory, which is called with `options`, or the plugin itself.
 * Throws a {@link PluginError} that names `source`, the package it came from.
 */
export function checkPlugin<K extends PluginKind>(
  kind: K,
  exported: unknown,
  source: string,
  options?: Readonly<Record<string, unknown>>,
): PluginKinds[K] {
  if (exported === undefined) {
    throw new PluginError(
      'export',
      `${kind} plugin ${source} has no default export: it must be a function that makes a ${kind}`,
    )
  }
  let plugin = exported
  if (typeof exported === 'function') {
    try {
      plugin = exported(options)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new PluginError('export', `${kind} plugin ${source} could not be made: ${reason}`, {
        cause: error,
      })
    }
  }
  const fault = faultOf(kind, plugin)
  if (fault) throw new PluginError(fault[0], `${kind} plugin ${source} ${fault[1]}`)
  return plugin as PluginKinds[K] // its kind, contract and methods were checked above
}
