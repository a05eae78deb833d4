import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ChildError, runChild } from './child.mts'

/** The memberlist peer, built; or what is missing to build it, and how it is to be had. */
export type Memberlist =
  | { readonly binary: string; readonly go: string; readonly version: string }
  | { readonly missing: string }

const source = fileURLToPath(new URL('../peers/memberlist', import.meta.url))
const binary = fileURLToPath(new URL('memberlist-peer', import.meta.url))
const library = 'github.com/hashicorp/memberlist'
/** Where Debian puts libraries of Go, and the package that brings this one. */
const debianPath = '/usr/share/gocode'
const debianPackage = 'golang-github-hashicorp-memberlist-dev'

/** Builds the peer with the library in GOPATH or, where that is not set, with Debian's. Downloads nothing. */
export async function buildMemberlist(signal?: AbortSignal): Promise<Memberlist> {
  const gopath = process.env.GOPATH ?? debianPath
  const env = { ...process.env, GOPATH: gopath, GO111MODULE: 'off' }
  try {
    const go = (await runChild(['go', 'version'], { limit: 30_000, signal })).trim().split(' ')[2] ?? 'go'
    if (!gopath.split(delimiter).some((root) => existsSync(join(root, 'src', library)))) {
      return {
        missing: `memberlist: ${library} is not in the GOPATH ${gopath}; apt-get install ${debianPackage}, or set GOPATH to where it is`,
      }
    }
    await runChild(['go', 'build', '-o', binary, '.'], { limit: 600_000, signal, cwd: source, env })
    return { binary, go, version: await packagedVersion(gopath) }
  } catch (error) {
    if (!(error instanceof ChildError)) throw error
    return {
      missing: error.missing
        ? `memberlist: Go is not installed; apt-get install golang-go ${debianPackage}`
        : `memberlist: its peer does not build: ${error.message}`,
    }
  }
}

/** Sources of this kind do not say their version; the package that they came in does. */
async function packagedVersion(gopath: string): Promise<string> {
  if (gopath !== debianPath) return 'unknown'
  try {
    const status = await runChild(['dpkg-query', '--status', debianPackage], { limit: 10_000 })
    return /^Version: (.*)$/m.exec(status)?.[1] ?? 'unknown'
  } catch {
    return 'unknown' // not installed by dpkg, then
  }
}
