import process from 'node:process'
import { type Command, Option } from 'commander'
import { type Field, fields } from '../config/fields.ts'
import type { Io } from '../io.ts'
import { repeated } from '../repeated.ts'

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  for (const { key, value, help, many, env } of fields as readonly Field[]) {
    const said = env === undefined ? help : `${help} [${env}]`
    const option = new Option(value === undefined ? `--${key}` : `--${key} <${value}>`, said)
    command.addOption(many ? option.argParser(repeated) : option)
  }
  command.action(async (given: Readonly<Record<string, unknown>>) => {
    const { startSettings } = await import('../config/start-settings.ts')
    const flags = Object.fromEntries(
      (fields as readonly Field[]).map(({ key }) => [
        key,
        given[key.replace(/-./g, (m) => m[1]!.toUpperCase())],
      ]),
    )
    const settings = await startSettings(flags, io.env)
    if (settings.detach) {
      const { detach } = await import('../run/detach.ts')
      exit(await detach(settings, process.argv.slice(2), io))
    } else {
      const { startNode } = await import('../run/start-node.ts')
      // Without a file there is nothing to be read anew, and who hangs up has closed the terminal.
      const { configFile, control, keyFile } = settings
      const fixed = configFile === undefined && keyFile === undefined && !control.tokensInFiles
      const reload = fixed ? undefined : () => startSettings(flags, io.env)
      exit(await startNode(settings, io, reload))
    }
  })
}
