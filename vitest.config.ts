import { defineConfig } from 'vitest/config'

// The report is for whoever counts: .ci/run sets the variable.
const report = process.env.SWIMKIT_TEST_REPORT
/** Tests that need nothing built, but for their `runtimes.test.ts`. */
const inProcess = ['behaviour', 'conformance', 'fuzz', 'hostile'].map(
  (folder) => `tests/${folder}/**/*.test.ts`,
)
const source = { conditions: ['@swimkit/source'] }

export default defineConfig({
  ssr: { resolve: source },
  resolve: source,
  test: {
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
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: ['**/runtimes.test.ts'],
          // No test here is about time by the clock: this ends what hangs, also where the machine is busy.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          globalSetup: ['tests/newest-node.setup.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: inProcess.map((tests) => tests.replace('*.test.ts', '!(runtimes).test.ts')),
          fileParallelism: false,
          testTimeout: 150_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
