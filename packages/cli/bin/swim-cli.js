#!/usr/bin/env node
import { existsSync } from 'node:fs'
import process from 'node:process'

if (existsSync(new URL('../dist/main.js', import.meta.url))) {
  await import('../dist/main.js')
} else {
  process.stderr.write(
    'swim-cli: not built yet: run `npm ci` at the root of the repository, which also builds\n',
  )
  process.exitCode = 2
}
