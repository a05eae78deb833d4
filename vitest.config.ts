import { defineConfig } from 'vitest/config'

// The report is for whoever counts: .ci/run sets the variable.
const report = process.env.SWIMKIT_TEST_REPORT
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
          include: ['packages/*/src/**/*.test.ts', 'tests/behaviour/**/*.test.ts', 'scripts/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          globalSetup: ['tests/newest-node.setup.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/behaviour/**'],
          fileParallelism: false,
          testTimeout: 150_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
