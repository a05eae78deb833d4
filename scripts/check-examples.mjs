/** Compiles every `ts` block of the READMEs and docs, so that no example is wrong. Exits with 1 and what the compiler says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

const root = new URL('..', import.meta.url).pathname
const folders = ['.', 'docs', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)]
const pages = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md')
    .map((file) => join(root, folder, file)),
)

/** Examples by the path of a file that does not exist: beside its page, so that imports resolve as they would there. */
const examples = new Map()
const withoutExample = []
for (const page of pages) {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)]
  blocks.forEach((block, i) => {
    examples.set(page.replace(/\.md$/, `.${i + 1}.example.ts`), `${block[1]}\nexport {}\n`)
  })
  if (/packages\/[^/]+\/README\.md$/.test(page) && blocks.length === 0)
    withoutExample.push(relative(root, page))
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
const settings = { ...options, noUnusedLocals: false, noUnusedParameters: false }
const host = ts.createCompilerHost(settings)
const { fileExists, getSourceFile, readFile } = host
host.fileExists = (path) => examples.has(path) || fileExists.call(host, path)
host.readFile = (path) => examples.get(path) ?? readFile.call(host, path)
host.getSourceFile = (path, target, ...rest) =>
  examples.has(path)
    ? ts.createSourceFile(path, examples.get(path), target)
    : getSourceFile.call(host, path, target, ...rest)

const program = ts.createProgram([...examples.keys()], settings, host)
const problems = ts.getPreEmitDiagnostics(program)
if (problems.length > 0) {
  console.error(
    ts.formatDiagnostics(problems, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  )
}
for (const page of withoutExample) console.error(`${page}: has no example`)
if (problems.length > 0 || withoutExample.length > 0) process.exit(1)
console.log(`${examples.size} examples compile`)
