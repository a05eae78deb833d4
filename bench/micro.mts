/**
 * What the parts cost that every packet goes through: codecs beside msgpackr and JSON, sealing beside the bare cipher, the member table, the
 * disseminator, sampling. README.md says how it is measured.
 *
 *   npm run bench:micro
 *   npm run bench:micro -- --only sealing
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
import { BenchOptionError, readNumber, runProgram } from './peer/numbers.mts'
import { describeMachine, describeRevision, describeWhen } from './run/machine.mts'
import { commandLine, publish, requirePlace, resultsFolder } from './run/publish.mts'

const topics = ['codecs', 'parts', 'sealing']

const usage = `npm run bench:micro -- [options]
  --only sealing        codecs, parts or sealing alone; it has a file and a place in the page of its own
  --rounds 5            rounds in which all contenders take turns
  --time 100            milliseconds for each figure in each round
  --out docs/results    folder for what was measured`

await runProgram('micro', usage, async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
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
  const { only } = values
  if (only !== undefined && !topics.includes(only)) {
    throw new BenchOptionError(`--only is ${JSON.stringify(only)}: must be ${topics.join(', ')}`)
  }
  const asked = (topic: string): boolean => only === undefined || only === topic
  const name = only === undefined ? 'micro' : `micro-${only}`
  if (values.out === resultsFolder) await requirePlace(name)
  const say = (line: string): void => console.error(line)
  const started = new Date()
  const codecs = asked('codecs') ? await measureCodecs(options, say) : undefined
  const parts = asked('parts') ? await measureParts(options, say) : undefined
  const sealing = asked('sealing') ? await measureSealing(options, say) : undefined
  const comparisons = codecs && compareCodecs(codecs)
  const { runtime } = host()
  const native = isNativeAccelerationEnabled ? 'with its native addon' : 'without its native addon'
  const caption = codecs ? `${runtime}, msgpackr ${native}` : runtime
  const text = [
    ...(codecs && comparisons ? [describeCodecs(codecs, comparisons)] : []),
    ...(sealing ? [describeSealing(sealing)] : []),
    ...(parts ? [describeParts(parts)] : []),
  ].join('\n\n')
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
  const path = join(values.out, `${name}.json`)
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`)
  if (values.out === resultsFolder) {
    const head = `\`${commandLine('bench:micro')}\`: ${caption}, ${describeWhen(started)}.`
    await publish(name, `${head}\n\n${text}`)
  }
  say(`written: ${path}`)
})
