import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findRedis } from '../../scripts/redis.mjs'

const run = promisify(execFile)
const pathOf = (file: string): string => fileURLToPath(new URL(`runners/${file}`, import.meta.url))
const timeout = 60_000

/** These tests themselves run in Vitest. The kit must not need it, and must let the process end by itself. */
test.each(['node-test.mjs', 'node-test.cjs'])(
  '%s passes in the runner of Node.js, and ends',
  async (file) => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', pathOf(file)], {
      timeout,
      // With it, the runner would take itself for a part of another run.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# pass [1-9]/m)
  },
)

test('a process ends although a test has left everything open', async () => {
  const { command, env } = await findRedis()
  const options = { timeout, env: { ...process.env, ...env } }
  const { stdout } = await run(process.execPath, [pathOf('left-open.mjs'), command], options)
  expect(stdout).toBe('left open: true')
})
