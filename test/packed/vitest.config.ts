import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/** The tests on the packages as npm packs them, in projects of every kind: `npm run test:packed`. */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: ['test/packed/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['test/packed/project.ts'],
    // Compilers, one for each core: there is nothing to wait for.
    maxWorkers: 1,
    maxConcurrency: availableParallelism(),
    testTimeout: 300_000,
  },
})
