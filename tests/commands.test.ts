import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Not where `npm run` bundles them to: other tests may run those meanwhile. */
const folder = 'node_modules/.cache/swimkit-commands'

/** Each command, what it is run of, and an option with a value that it refuses. */
const commands = [
  ['fuzz', 'fuzz/run', '--runs', '0'],
  ['fuzz:inputs', 'hostile/run', '--seconds', 'ten'],
  ['faults', 'faults/run', '--nodes', '8.5'],
  ['load', 'load/run', '--short=yes', ''],
  ['soak', 'load/soak', '--minutes', '3'],
  ['mutants', undefined, '--jobs', '0'],
] as const

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: commands.flatMap(([, entry]) => (entry === undefined ? [] : [`tests/${entry}.ts`])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@swimkit/source'],
    external: ['yaml'],
    logLevel: 'error',
  })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(entry: string | undefined, ...args: readonly string[]): Promise<Ended> {
  const script = entry === undefined ? 'scripts/mutants.mjs' : `${folder}/${entry}.mjs`
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test.each(commands)(
  'npm run %s says how it is used, and refuses in a line what it does not know',
  async (name, entry, option, value) => {
    const help = await run(entry, '--help')
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(new RegExp(`^npm run ${name} -- \\[options\\]\\n  --`))

    const refused = (text: string) => ({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(`^${name}: .*${text}.*\\n$`),
    })
    expect(await run(entry, '--nonsense')).toEqual(refused("'--nonsense'; see --help"))
    expect(await run(entry, 'nonsense')).toEqual(refused("'nonsense'; see --help"))
    expect(await run(entry, ...[option, value].filter((part) => part !== ''))).toEqual(
      refused(option.split('=')[0]!),
    )
  },
)
