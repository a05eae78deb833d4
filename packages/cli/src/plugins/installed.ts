import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PluginKind } from '@swimkit/core'

/** A package that looks like a plugin, by its name. */
export interface Installed {
  readonly kind: PluginKind
  readonly package: string
}

const kinds: readonly PluginKind[] = ['detector', 'transport', 'codec']

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])

/** Packages called `@swimkit/<kind>-…` or `swimkit-<kind>-…` that a program in that folder could import. */
export async function installedPlugins(cwd: string): Promise<Installed[]> {
  const found = new Map<string, Installed>()
  for (let folder = cwd; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    const scoped = (await namesIn(join(modules, '@swimkit'))).map((name) => `@swimkit/${name}`)
    for (const name of [...scoped, ...(await namesIn(modules))]) {
      const kind = kinds.find((k) => name.startsWith(`@swimkit/${k}-`) || name.startsWith(`swimkit-${k}-`))
      if (kind && !found.has(name)) found.set(name, { kind, package: name })
    }
    if (dirname(folder) === folder) return [...found.values()]
  }
}
