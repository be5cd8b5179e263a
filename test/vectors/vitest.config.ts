import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import everything from '../../vitest.config.ts'

/** The tests on vectors of others, which are not part of the repository: `npm run test:vectors`. */
export default defineConfig({
  ...everything,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { ...everything.test, include: ['test/vectors/**/*.test.ts'], exclude: [], globalSetup: [] },
})
