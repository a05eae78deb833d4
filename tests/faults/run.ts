/** `npm run faults -- --minutes 30 [--nodes 20] [--seed S] [--plain]`: real processes, real faults, and the rules that hold all the same. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@swimkit/core'
import { readNumber, readSeed, runCommand } from '../command.ts'
import { Field } from './field.ts'
import { insideVariable, MachineError, prepareMachine, runInside } from './machine.ts'
import { perform } from './perform.ts'
import { Report } from './report.ts'
import { type Kind, schedule } from './schedule.ts'

/** Within so long after the last fault all agree: a partition heals in 1 to 40 s as a rule. */
const agreementLimit = 120_000

const usage = `npm run faults -- [options]
  --minutes 30  how long; what a round has begun is ended
  --nodes 20    processes, 8 to 200
  --seed N      deals the same faults in the same order; without: others each time
  --plain       without a key`

interface Settings {
  readonly minutes: number
  readonly nodes: number
  readonly seed: number
  readonly plain: boolean
}

await runCommand(
  'faults',
  usage,
  {
    minutes: { type: 'string', default: '30' },
    nodes: { type: 'string', default: '20' },
    seed: { type: 'string' },
    plain: { type: 'boolean', default: false },
  },
  ({ minutes, nodes, plain, seed }) => {
    const settings: Settings = {
      minutes: readNumber('--minutes', minutes, 0.1, 100_000),
      nodes: readNumber('--nodes', nodes, 8, 200, { whole: true }),
      seed: seed === undefined ? Date.now() % 2 ** 31 : readSeed(seed),
      plain,
    }
    const folder = process.env[insideVariable]
    return folder === undefined ? outside(settings) : inside(folder, settings)
  },
)

/** Prepares the machine, and runs this in namespaces of its own. */
async function outside({ seed }: Settings): Promise<number> {
  try {
    prepareMachine()
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    console.error(`faults: ${error.message}`)
    return 2
  }
  const made = mkdtempSync(join(tmpdir(), 'swimkit-faults-'))
  const code = await runInside([...process.argv.slice(2), '--seed', String(seed)], made)
  if (code === 0) rmSync(made, { recursive: true })
  else console.log(`logs are in ${made}`)
  return code
}

async function inside(logs: string, { minutes, nodes, plain, seed }: Settings): Promise<number> {
  const key = randomBytes(16).toString('base64')
  const field = new Field(nodes, logs, !plain, key, (line) => console.log(line))
  const report = new Report(field, seed, minutes)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      report.print(true)
      // With the first process of the namespaces all others end.
      process.exit(1)
    })
  }
  const going = (): boolean => field.violations.length === 0
  try {
    field.log(
      `seed ${seed}: ${nodes} nodes on Node, Bun and Deno, ${minutes} minutes, ${plain ? 'plain' : 'sealed'}`,
    )
    for (let i = 0; i < nodes; i += 4) {
      await Promise.all(field.slots.slice(i, i + 4).map((slot) => field.start(slot)))
    }
    report.agreed([], await field.agreement(agreementLimit))
    const random = createRandom([seed])
    const lot = {
      nodes,
      withClock: field.slots.filter(({ clock }) => clock !== undefined).map(({ index }) => index),
      withDisk: field.slots.filter(({ disk }) => disk !== undefined).map(({ index }) => index),
    }
    const chatter = setInterval(() => chat(field, report.chats++), 2_000)
    for (const round of schedule(random, lot)) {
      if (!going() || field.now() > minutes * 60_000) break
      const done: Kind[] = []
      await Promise.all(
        round.map(async ([kind, act]) => {
          if (await perform(field, kind, act)) done.push(kind)
          else report.cameToNothing(kind)
        }),
      )
      if (going()) report.agreed(done, await field.agreement(agreementLimit))
      // Nothing is wrong for a while: what is left over of the round shows now.
      if (going()) await sleep(3_000)
    }
    clearInterval(chatter)
    if (going()) {
      await sleep(5_000)
      report.agreed([], await field.agreement(agreementLimit))
      field.over()
    }
  } finally {
    await field.close()
  }
  report.print(false)
  return field.violations.length === 0 ? 0 : 1
}

/** In turns somebody tells all of something, and somebody changes what it says of itself. */
function chat(field: Field, number: number): void {
  const lives = field.running().filter(({ name }) => !field.paused.has(name))
  const life = lives[(number * 7) % lives.length]
  if (life === undefined) return
  if (number % 5 === 4)
    void field.post(life, '/v1/tags', { tags: { slot: life.name.slice(1), turn: String(number) } })
  else void field.broadcast(life, `told-${number}`)
}
