import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/**
 * The tests that need an HSM: `npm run test:hsm`. Each file has a process of its own, since the library reads
 * its environment, and is initialised once in a process.
 */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: ['test/hsm/**/*.test.ts'],
    exclude: [],
    globalSetup: [],
    pool: 'forks',
    isolate: true,
  },
})
