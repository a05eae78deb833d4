/**
 * What the parts cost that every packet goes through: codecs beside msgpackr and JSON, sealing beside the bare cipher, the member table, the
 * disseminator, sampling. README.md says how it is measured.
 *
 *   npm run bench:micro
 *   npm run bench:micro -- --rounds 3 --time 50 --out bench/dist/results
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { host } from '@swimkit/host'
import { isNativeAccelerationEnabled } from 'msgpackr'
import { measureCodecs } from './micro/codec.mts'
import { measureParts } from './micro/parts.mts'
import { compareCodecs, describeCodecs, describeParts } from './micro/report.mts'
import { describeSealing, measureSealing } from './micro/sealing.mts'
import { readNumber, runProgram } from './peer/numbers.mts'
import { describeMachine, describeRevision } from './run/machine.mts'
import { publish, resultsFolder } from './run/publish.mts'

const usage = `npm run bench:micro -- [options]
  --rounds 5            rounds in which all contenders take turns
  --time 100            milliseconds for each figure in each round
  --out docs/results    folder for micro.json`

await runProgram('micro', usage, async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      /** Milliseconds for each figure in each round. */
      time: { type: 'string', default: '100' },
      out: { type: 'string', default: resultsFolder },
    },
  })
  const options = {
    rounds: readNumber('--rounds', values.rounds, 1, 1_000, { whole: true }),
    time: readNumber('--time', values.time, 1, 60_000),
  }
  const say = (line: string): void => console.error(line)
  const started = new Date()
  const codecs = await measureCodecs(options, say)
  const parts = await measureParts(options, say)
  const sealing = await measureSealing(options, say)
  const comparisons = compareCodecs(codecs)
  const { runtime } = host()
  const native = isNativeAccelerationEnabled ? 'with its native addon' : 'without its native addon'
  const caption = `${runtime}, msgpackr ${native}`
  const text = `${describeCodecs(codecs, comparisons)}\n\n${describeSealing(sealing)}\n\n${describeParts(parts)}`
  console.log(`## ${caption}\n\n${text}`)

  const record = {
    measured: started.toISOString(),
    revision: await describeRevision(),
    machine: describeMachine(),
    versions: { runtime, msgpackr: native },
    options,
    codecs,
    comparisons,
    parts,
    sealing,
  }
  await mkdir(values.out, { recursive: true })
  const path = join(values.out, 'micro.json')
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`)
  if (values.out === resultsFolder) {
    await publish('micro', `${caption}, ${started.toISOString().slice(0, 10)}.\n\n${text}`)
  }
  say(`written: ${path}`)
})
