import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// The report is for whoever counts: .ci/run sets the variable.
const report = process.env.SWIMKIT_TEST_REPORT
/** Tests that need nothing built, but for their `runtimes.test.ts`. */
const inProcess = ['behaviour', 'conformance', 'fuzz', 'hostile'].map(
  (folder) => `tests/${folder}/**/*.test.ts`,
)
/** What the commands that make faults and load are built of. */
const inCommands = ['faults/!(faults)', 'faults/invariants/*', 'load/!(load)'].map(
  (path) => `tests/${path}.test.ts`,
)
/**
 * Its processes do next to nothing for most of three minutes: it runs beside the tests that need nothing but time of the processor, and begins before them, as it takes
 * longest.
 */
const faults = 'tests/faults/faults.test.ts'
/** Also where there are two processors, as one would otherwise wait for the faults. With more at work than there are processors, single tests take too long. */
const beside = { maxWorkers: Math.max(2, availableParallelism() - 1) }
/** Tests of what processes do while the machine has time for them: load, and stalls of tenths of a second. */
const alone = ['tests/load/load.test.ts', 'tests/process/stall.test.ts']
/** What takes longest begins first, so that nothing runs alone at the end. */
const longest = [
  faults,
  'tests/fuzz/fuzz.test.ts',
  'tests/behaviour/identity.test.ts',
  'tests/process/verdicts.test.ts',
  'tests/process/control-bounds.test.ts',
  'tests/process/mixed-cluster.test.ts',
  'tests/process/fuzz-inputs.test.ts',
  'tests/process/switch.test.ts',
  'tests/conformance/runtimes.test.ts',
  'tests/process/control-tls.test.ts',
  'tests/process/keys.test.ts',
  'tests/process/contract.test.ts',
  'tests/process/bad-input.test.ts',
  'tests/process/identity.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((path) => moduleId.endsWith(path))
      return at < 0 ? longest.length : at
    }
    // The order of all others stays.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

const withProcesses = {
  globalSetup: ['tests/newest-node.setup.ts'],
  testTimeout: 150_000,
  hookTimeout: 120_000,
}

const source = { conditions: ['@swimkit/source'] }

export default defineConfig({
  ssr: { resolve: source },
  resolve: source,
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            ...inProcess,
            ...inCommands,
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/runtimes.test.ts'],
          ...beside,
          // No test here is about time by the clock: this ends what hangs, also where the machine is busy.
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: { name: 'faults', include: [faults], ...beside },
      },
      {
        extends: true,
        test: {
          ...withProcesses,
          name: 'process',
          include: ['tests/**/*.test.ts'],
          exclude: [
            ...inProcess.map((tests) => tests.replace('*.test.ts', '!(runtimes).test.ts')),
            ...inCommands,
            ...alone,
            faults,
          ],
          // Those that run at once are of three processes each, mostly, and most of the time wait.
          maxConcurrency: 4,
          // They wait for half of their time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...withProcesses,
          name: 'alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
