import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import everything from '../../vitest.config.ts'

/** The tests on the packages as npm packs them, in projects of every kind: `npm run test:packed`. */
export default defineConfig({
  ...everything,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...everything.test,
    include: ['test/packed/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['test/packed/project.ts'],
    maxConcurrency: availableParallelism(),
    testTimeout: 300_000,
  },
})
