import process from 'node:process'
import { version } from './version.ts'

const argv = process.argv.slice(2)

// Whoever asks for the version should not wait for a parser to load.
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`${version}\n`)
} else {
  const { runProcess } = await import('./run/process.ts')
  await runProcess(argv)
}
