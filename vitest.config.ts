import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** They have a run of their own: npm run test:hsm, test:packed, test:vectors, test:browser, test:postgres, test:upgrade. */
const APART = ['hsm', 'packed', 'vectors', 'browser', 'postgres', 'upgrade'].map(
  (folder) => `test/${folder}/**`,
)
/** They measure how long something takes, or start many processes. So they run when all others have ended, one by one. */
const TIMED = [
  'test/{faults,playbooks}/**/*.test.ts',
  'test/soak/soak.test.ts',
  'test/contract/redis-{held-up,late,loading,open,outage}.test.ts',
  'test/unit/{claims,cookies,credentials,device,ip}.test.ts',
]

/** What all runs have. */
export const shared = {
  resolve: {
    // Tests see the sources; the servers that they start as processes are the built ones.
    alias: [
      { find: /^@sallyport\/example-app$/, replacement: `${root}examples/app/src/index.ts` },
      { find: /^@sallyport\/([a-z0-9-]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@sallyport\/([a-z0-9-]+)\/([a-z-]+)$/, replacement: `${root}packages/$1/src/$2.ts` },
    ],
  },
  test: {
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', './test/reporter.ts'],
    pool: 'threads' as const,
    isolate: false,
    // One more than cores: what waits for a time-out, or for a process, leaves its core to the others.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}

export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...APART, ...TIMED],
        },
      },
      {
        extends: true,
        test: { name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
