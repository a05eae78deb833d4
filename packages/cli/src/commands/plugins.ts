import { escapeForPrint, type PluginKind } from '@swimkit/core'
import type { Command } from 'commander'
import { printJson } from '../client/client-command.ts'
import { coloursOf } from '../client/format.ts'
import { table } from '../client/table.ts'
import type { Io } from '../io.ts'
import { installedPlugins } from '../plugins/installed.ts'
import { builtins } from '../plugins/load.ts'

interface Row {
  readonly kind: PluginKind
  /** What to write after `--detector`, `--transport` or `--codec`. */
  readonly name: string
  readonly source: string
}

export function configure(command: Command, io: Io): void {
  command.option('--json', 'print JSON').action(async ({ json }: { readonly json?: boolean }) => {
    const plugins: Row[] = (Object.keys(builtins) as PluginKind[]).flatMap((kind) =>
      Object.keys(builtins[kind]).map((name): Row => ({ kind, name, source: 'built in' })),
    )
    for (const { kind, package: source } of await installedPlugins(io.cwd)) {
      const name = source.replace(/^(@swimkit\/|swimkit-)[a-z]+-/, '')
      if (!plugins.some((known) => known.kind === kind && known.name === name))
        plugins.push({ kind, name, source })
    }
    if (json) printJson(io, { plugins })
    else {
      io.out(
        table(
          ['KIND', 'NAME', 'FROM'].map(coloursOf(io).bold),
          plugins.map(({ kind, name, source }) => [kind, escapeForPrint(name), escapeForPrint(source)]),
        ),
      )
    }
  })
}
