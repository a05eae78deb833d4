import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import base from '../../tsup.config.base.ts'

/** Folders of the packages that went into the bundle, with their nearest name: `node_modules/hono`. */
function bundledPackages(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/** The licences of what is bundled ask to be handed on with it. */
async function writeNotices(metafile: string): Promise<void> {
  const { inputs } = JSON.parse(await readFile(metafile, 'utf8')) as { inputs: Record<string, unknown> }
  const notices = await Promise.all(
    bundledPackages(Object.keys(inputs)).map(async (folder) => {
      const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as Record<
        string,
        string
      >
      for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'LICENSE-MIT.txt']) {
        const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => undefined)
        if (text !== undefined) return `${name} ${version}\n\n${text.trim()}\n`
      }
      throw new Error(`${name} has no licence file to hand on`)
    }),
  )
  await writeFile('dist/third-party-licenses.txt', notices.join(`\n${'-'.repeat(80)}\n\n`))
}

// The libraries are development dependencies and so are bundled: as files of their own they took a third of the time
// until a node serves. The packages of this repository stay apart, so that a program and the command line share them.
export default defineConfig({
  ...base,
  // The worker has a name of its own: a thread is started from a file.
  entry: { main: 'src/main.ts', index: 'src/index.ts', 'simulate-worker': 'src/simulate/worker.ts' },
  platform: 'node',
  splitting: true,
  metafile: true,
  // CommonJS in the bundle asks for the runtime's modules by `require`, which ESM has not.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  dts: { entry: 'src/index.ts', compilerOptions: { ignoreDeprecations: '6.0' } },
  onSuccess: () => writeNotices('dist/metafile-esm.json'),
})
