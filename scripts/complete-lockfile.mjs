/**
 * Fills the holes that npm leaves in package-lock.json when a registry does not carry a tool's programs for every platform:
 * it drops those optional packages, and `npm ci` then refuses the file everywhere. Each missing one gets an entry with the version
 * that its parent asks for and the platform that its name says, so that it is known, and skipped where it does not fit.
 *
 *   npm install && node scripts/complete-lockfile.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs'

const path = process.argv[2] ?? new URL('../package-lock.json', import.meta.url).pathname
const lock = JSON.parse(readFileSync(path, 'utf8'))

const systems = {
  win32: 'win32',
  windows: 'win32',
  darwin: 'darwin',
  linux: 'linux',
  linuxmusl: 'linux',
  android: 'android',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
  openharmony: 'openharmony',
  wasi: 'wasi',
  fsevents: 'darwin',
}
const processors = {
  x64: 'x64',
  64: 'x64',
  arm64: 'arm64',
  aarch64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  32: 'ia32',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
}

/** What a package's name says of its platform: `@rollup/rollup-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[^a-z0-9]+/)
  const os = words.findLast((word) => word in systems)
  const cpu = words.findLast((word) => word in processors)
  if (os === undefined) throw new Error(`${name} does not say which platform it is for`)
  return { ...(cpu === undefined ? {} : { cpu: [processors[cpu]] }), os: [systems[os]] }
}

/** Where npm would look a dependency of a package up, nearest first. */
function* places(from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    yield `${folder}${folder === '' ? '' : '/'}node_modules/${name}`
    if (!folder.includes('/node_modules/')) break
  }
  yield `node_modules/${name}`
}

const added = []
for (const [from, { optionalDependencies = {}, version }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const present = [...places(from, name)].find((place) => lock.packages[place] !== undefined)
    // A nested tool of another version needs its own program: one of another version does not count.
    if (present !== undefined && (!/^\d/.test(range) || lock.packages[present].version === range)) continue
    const wanted = /^\d/.test(range) ? range : (range.match(/\d[\w.-]*/)?.[0] ?? version)
    const place =
      lock.packages[`node_modules/${name}`] === undefined
        ? `node_modules/${name}`
        : `${from}/node_modules/${name}`
    lock.packages[place] = { version: wanted, ...platformOf(name), dev: true, optional: true }
    added.push(place)
  }
}

if (added.length > 0) {
  const root = lock.packages['']
  const rest = Object.keys(lock.packages)
    .filter((key) => key !== '')
    .sort((a, b) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries([['', root], ...rest.map((key) => [key, lock.packages[key]])])
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
}
console.log(`${added.length} entries added`)
