import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/** The tests with a real browser and real proxies: `npm run test:browser`. Each file has a browser of its own. */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: ['test/browser/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/browser/global-setup.ts'],
    pool: 'forks',
    // Each browser keeps both cores busy, and pages measure time.
    maxWorkers: 1,
  },
})
