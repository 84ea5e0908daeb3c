import { defineConfig } from 'vitest/config'

// Tests import the packages' sources, never a stale build.
const fromSource = {
  resolve: { conditions: ['rollcall-source'] },
  ssr: { resolve: { conditions: ['rollcall-source'] } },
}

/** Only what hangs takes so long: how fast something is, no test tells by these. A busy machine makes everything slow. */
const PATIENCE = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } }

export default defineConfig({
  ...fromSource,
  test: {
    // `vitest run --project unit packages/roster --coverage`: the pure core has every branch tested.
    coverage: {
      include: ['packages/roster/src/**'],
      exclude: ['**/*.test.ts'],
      thresholds: { 'packages/roster/src/**': { branches: 100 } },
    },
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: [
            'packages/roster/src/**/*.test.ts',
            'apps/dashboard/src/**/*.test.ts',
            'examples/*/src/**/*.test.ts',
            'tools/src/**/*.test.ts',
            'chaos/src/**/*.test.ts',
          ],
          css: { include: /tokens\.css/ }, // its colours are looked at
          testTimeout: 20_000, // properties are looked at a thousand times, and a busy machine is slow
        },
      },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: [
            'packages/{runtime,backend}/src/**/*.test.ts',
            'apps/{api,worker,gateway}/src/**/*.test.ts',
            'test/integration/**/*.test.ts',
          ],
          globalSetup: ['test/support/private-redis.ts'],
          maxWorkers: 4, // they wait more than they compute
          ...PATIENCE,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'end-to-end',
          include: ['test/end-to-end/**/*.test.ts'],
          globalSetup: ['test/support/private-redis.ts'],
          fileParallelism: false,
          ...PATIENCE,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/private-redis.ts'],
          fileParallelism: false, // a browser is enough for two cores
          ...PATIENCE,
        },
      },
    ],
  },
})
