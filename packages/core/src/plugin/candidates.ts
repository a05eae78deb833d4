import { PluginError, type PluginKind } from './plugin.ts'

/** npm's rule for names, and nothing else: no path, no URL, no subpath. */
const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/**
 * The packages that a plugin's short name may stand for, in the order to try: `pingack` is
 * `@swimkit/detector-pingack`, else `swimkit-detector-pingack`, else `pingack`. A scoped name stands for itself.
 *
 * Only for names from the user's own configuration: a name from the network must never be resolved. Paths and URLs
 * are refused all the same (`import('data:…')` executes), with a {@link PluginError}.
 */
export function pluginCandidates(kind: PluginKind, name: string): readonly string[] {
  if (name.length > 214 || !packageName.test(name)) {
    throw new PluginError(
      'name',
      `${kind} ${JSON.stringify(name)} is not a package name: paths and URLs are not allowed`,
    )
  }
  if (name.startsWith('@')) return [name]
  return [`@swimkit/${kind}-${name}`, `swimkit-${kind}-${name}`, name]
}
