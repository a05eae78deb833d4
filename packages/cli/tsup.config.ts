import { readFile, writeFile } from 'node:fs/promises'
import { transform } from 'esbuild'
import { defineConfig, type Options } from 'tsup'
import base, { declarations } from '../../tsup.config.base.ts'

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
      const read = (file: string) => readFile(`${folder}/${file}`, 'utf8').catch(() => undefined)
      for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt', 'LICENSE-MIT.txt']) {
        const text = await read(file)
        if (text === undefined) continue
        // The Apache licence asks for this one as well (§4 d).
        const notice = await read('NOTICE')
        return `${name} ${version}\n\n${[text, notice ?? ''].join('\n').trim()}\n`
      }
      throw new Error(`${name} has no licence file to hand on`)
    }),
  )
  await writeFile('dist/third-party-licenses.txt', notices.join(`\n${'-'.repeat(80)}\n\n`))
}

/** Charts are drawn by half a megabyte of code, written for a bundler that makes it small: as it is, it is more than twice that. */
const smallCharts: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'small-charts',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/(echarts|zrender)\/.*\.js$/ }, async ({ path }) => ({
      contents: (await transform(await readFile(path, 'utf8'), { minify: true, format: 'esm' })).code,
    }))
  },
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
  esbuildPlugins: [smallCharts],
  // White space is a third of what is bundled.
  esbuildOptions(options) {
    options.minifyWhitespace = true
  },
  // CommonJS in the bundle asks for the runtime's modules by `require`, which ESM has not.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  dts: { ...declarations, entry: 'src/index.ts' },
  onSuccess: () => writeNotices('dist/metafile-esm.json'),
})
