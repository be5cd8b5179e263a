import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'

/** The tests on vectors of others, which are not part of the repository: `npm run test:vectors`. */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { ...shared.test, include: ['test/vectors/**/*.test.ts'], exclude: [], globalSetup: [] },
})
