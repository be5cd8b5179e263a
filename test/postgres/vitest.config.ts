import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/**
 * The tests with a real PostgreSQL: `npm run test:postgres`. What runs on Redis elsewhere runs on PostgreSQL here: the
 * conformance suite as far as it depends on the store, and the races of processes. One file after the other, since each
 * keeps servers and processes busy.
 */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: [
      'test/postgres/**/*.test.ts',
      'test/conformance/{flows,binding,audit,metrics,retry-keys,backchannel-logout}.test.ts',
      'test/faults/{races,lockout}.test.ts',
    ],
    env: { STORE: 'postgres' },
    fileParallelism: false,
    exclude: configDefaults.exclude,
    globalSetup: ['test/postgres/global-setup.ts'],
  },
})
