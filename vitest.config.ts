import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

export default defineConfig({
  resolve: {
    // Tests see the sources; the servers that they start as processes are the built ones.
    alias: [
      { find: /^@sallyport\/example-app$/, replacement: `${root}examples/app/src/index.ts` },
      { find: /^@sallyport\/([a-z0-9-]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@sallyport\/([a-z0-9-]+)\/([a-z-]+)$/, replacement: `${root}packages/$1/src/$2.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // They have a run of their own: npm run test:hsm, test:packed, test:vectors, test:browser, test:postgres.
    exclude: [
      ...configDefaults.exclude,
      'test/hsm/**',
      'test/packed/**',
      'test/vectors/**',
      'test/browser/**',
      'test/postgres/**',
    ],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', './test/reporter.ts'],
    pool: 'threads',
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
