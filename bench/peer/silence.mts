import { spawn } from 'node:child_process'

/**
 * Drops what goes to and comes from these ports, as if their hosts had lost power: nothing is refused, nothing answers.
 * Needs root in a network namespace of its own; the rules end with it.
 */
export async function silence(from: number, to: number): Promise<void> {
  const rules = [
    'add table inet swimkit_peer',
    'add chain inet swimkit_peer lost { type filter hook input priority 0; }',
    ...['udp sport', 'udp dport', 'tcp sport', 'tcp dport'].map(
      (match) => `add rule inet swimkit_peer lost ${match} ${from}-${to} drop`,
    ),
  ]
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.end(`${rules.join('\n')}\n`)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`nft ended with ${code}: ${said.trim()}`)
}
