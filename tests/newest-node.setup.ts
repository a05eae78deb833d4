import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('newest-node/', import.meta.url))

/** The newest Node's program, from its package on npm. */
export const newestNode = `${folder}node_modules/node-${process.platform}-${process.arch}/bin/node`

/** Installs it apart from the workspaces, where its name would take precedence over the Node that runs all this. */
export default function setup(): void {
  if (existsSync(newestNode)) return
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' })
  if (!existsSync(newestNode))
    throw new Error(`npm has no newest Node for ${process.platform} ${process.arch}`)
}
