import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/** A rolling upgrade from an older commit, which `UPGRADE_FROM` has built: `npm run test:upgrade -- <commit>`. */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: ['test/upgrade/**/*.test.ts'],
    exclude: configDefaults.exclude,
    globalSetup: ['test/global-setup.ts', 'test/postgres/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 1_200_000,
  },
})
