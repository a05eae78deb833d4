import { type Command, Option } from 'commander'
import { type Field, fields } from '../config/fields.ts'
import type { Io } from '../io.ts'
import { type SimulateField, sharedKeys, simulateFields } from '../simulate/fields.ts'

export function configure(command: Command, io: Io, exit: (code: number) => void): void {
  command.description(
    'Run a cluster on a virtual clock and network, from a seed: how fast crashes are found out, what is held failed that runs, and what it costs.',
  )
  for (const { help, key, value } of simulateFields as readonly SimulateField[]) {
    // An option that can be negated would be on by default.
    const option = new Option(value === undefined ? `--${key}` : `--${key} ${value}`, help)
    command.addOption(key === 'no-check' ? option.default(undefined) : option)
  }
  for (const key of sharedKeys) {
    const { help, value } = (fields as readonly Field[]).find((field) => field.key === key)! // each is one of them
    command.addOption(new Option(`--${key} <${value}>`, help))
  }
  command.action(async (given: Readonly<Record<string, unknown>>) => {
    const { simulateSettings } = await import('../simulate/settings.ts')
    const flags = Object.fromEntries(
      [...simulateFields.map(({ key }) => key), ...sharedKeys].map((key) => [
        key,
        given[key.replace(/-./g, (m) => m[1]!.toUpperCase())],
      ]),
    )
    const settings = await simulateSettings(flags)
    const { runSimulate } = await import('../simulate/run.ts')
    exit(await runSimulate(settings, io))
  })
}
