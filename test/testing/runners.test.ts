import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** These tests themselves run in Vitest. The kit must not need it, and must let the process end by itself. */
test.each(['node-test.mjs', 'node-test.cjs'])(
  '%s passes in the runner of Node.js, and ends',
  async (file) => {
    const path = fileURLToPath(new URL(`runners/${file}`, import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', path], {
      timeout: 60_000,
      // Without it, `node --test` would take itself for a part of another run.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# pass [1-9]/m)
  },
)
