import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import everything from '../../vitest.config.ts'

/**
 * The tests with a real PostgreSQL: `npm run test:postgres`. The conformance suite runs on it here, as it runs on Redis
 * elsewhere.
 */
export default defineConfig({
  ...everything,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...everything.test,
    include: ['test/postgres/**/*.test.ts'],
    exclude: configDefaults.exclude,
    globalSetup: ['test/postgres/global-setup.ts'],
  },
})
