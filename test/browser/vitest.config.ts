import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import everything from '../../vitest.config.ts'

/** The tests with a real browser and real proxies: `npm run test:browser`. One after the other: each part is big. */
export default defineConfig({
  ...everything,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...everything.test,
    include: ['test/browser/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/browser/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
  },
})
