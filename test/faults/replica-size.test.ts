import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const REVOKED = 1_000_000
const MOST_MIB = 64

test('a million revoked sessions take 64 MiB of a process at most', async () => {
  const script = fileURLToPath(new URL('revocations-held.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(REVOKED)])
  const { bytes, nanoseconds, revokedShare } = JSON.parse(stdout)
  expect(revokedShare).toBe(0.5)
  const mebibytes = bytes / 2 ** 20
  console.log(
    `${REVOKED} revoked sessions: ${mebibytes.toFixed(1)} MiB, ${nanoseconds.toFixed(0)} ns a question`,
  )
  expect(mebibytes).toBeLessThanOrEqual(MOST_MIB)
  expect(mebibytes).toBeGreaterThan(1)
})
