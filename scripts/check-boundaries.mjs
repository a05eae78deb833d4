/**
 * Keeps the house's walls: who may import whom, what the core may not touch, and that it bundles for a platform
 * that has nothing. Exits with 1 and a line for each breach.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'

const root = new URL('..', import.meta.url).pathname
const breaches = []

/** What each package may import besides its own files; `node:` stands for the runtime's modules. */
const allowed = {
  core: [],
  host: ['node:', '@swimkit/core'],
  bootstrap: ['node:', '@swimkit/core'],
  'transport-udp': ['node:', '@swimkit/core'],
  security: ['node:', '@swimkit/core'],
  'transport-tcp': ['node:', '@swimkit/core'],
  'detector-gossip': ['@swimkit/core'],
  'detector-pingack': ['@swimkit/core'],
  simulator: ['@swimkit/core'],
  conformance: ['@swimkit/core', '@swimkit/simulator', 'fast-check'],
  // The one that combines everything: what it imports is in its dependencies.
  cli: undefined,
}

/** Globals of a host that the core gets through `Host` or not at all. */
const hostGlobals = new Set(
  'Buffer process performance setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate require global window fetch crypto navigator'.split(
    ' ',
  ),
)

for (const name of readdirSync(join(root, 'packages'))) {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  if (!(name in allowed))
    breaches.push(`packages/${name}: say in scripts/check-boundaries.mjs what it may import`)
  const may = allowed[name] ?? [
    'node:',
    ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
  ]
  if (name === 'core') {
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      if (Object.keys(manifest[field] ?? {}).length > 0)
        breaches.push(`packages/core/package.json: has ${field}`)
    }
  }
  for (const file of sources(join(root, 'packages', name, 'src'))) check(name, file, may)
}

await build({
  entryPoints: [join(root, 'packages/core/src/index.ts')],
  bundle: true,
  platform: 'neutral',
  format: 'esm',
  write: false,
  logLevel: 'silent',
}).catch((error) => breaches.push(`packages/core does not bundle for a neutral platform: ${error.message}`))

const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
if (/"resolved": "https?:/.test(lock)) breaches.push('package-lock.json: records where packages came from')

for (const breach of breaches) console.error(breach)
if (breaches.length > 0) process.exit(1)
console.log('boundaries hold')

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && /\.tsx?$/.test(entry.name)) yield join(entry.parentPath ?? entry.path, entry.name)
  }
}

function check(name, file, may) {
  const isTest = /\.test\.ts$|\/testing\//.test(file)
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const at = (node) => {
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart())
    return `${relative(root, file)}:${line + 1}`
  }
  const visit = (node) => {
    const specifier = importedModule(node)
    if (specifier !== undefined && !isTest) {
      const { text } = specifier
      const fits =
        text.startsWith('.') ||
        may.some(
          (each) =>
            text === each || (each === 'node:' && text.startsWith('node:')) || text.startsWith(`${each}/`),
        )
      if (!fits) breaches.push(`${at(node)}: packages/${name} may not import ${text}`)
      if (text.startsWith('.') && !/\.(ts|json)$/.test(text))
        breaches.push(`${at(node)}: import ${text} without its .ts`)
    }
    if (name === 'core' && !isTest) checkGlobals(node, at)
    ts.forEachChild(node, visit)
  }
  visit(tree)
}

function importedModule(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments
    return argument !== undefined && ts.isStringLiteralLike(argument) ? argument : undefined
  }
  return undefined
}

function checkGlobals(node, at) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const path = `${node.expression.text}.${node.name.text}`
    if (path === 'Date.now' || path === 'Math.random')
      breaches.push(`${at(node)}: the core may not use ${path}`)
  }
  if (
    ts.isNewExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'Date' &&
    !node.arguments?.length
  ) {
    breaches.push(`${at(node)}: the core may not read the clock`)
  }
  if (!ts.isIdentifier(node) || !hostGlobals.has(node.text)) return
  const { parent } = node
  const isName =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isVariableDeclaration(parent)) &&
      parent.name === node)
  if (!isName) breaches.push(`${at(node)}: the core may not use ${node.text}`)
}
