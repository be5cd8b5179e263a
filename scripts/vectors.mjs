// Runs the tests on vectors of others (Wycheproof, RFC 7520), where they lie: in the folder that VECTORS names, or in
// shared/vectors beside the repository. Says so where they are not there; a folder that VECTORS names must be.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const beside = fileURLToPath(new URL('../../shared/vectors', import.meta.url))
const folder = process.env.VECTORS ?? beside

if (existsSync(folder)) {
  const args = ['vitest', 'run', '--config', 'test/vectors/vitest.config.ts']
  const { status } = spawnSync('npx', args, {
    stdio: 'inherit',
    env: { ...process.env, VECTORS: folder },
  })
  process.exitCode = status ?? 1
} else if (process.env.VECTORS === undefined) {
  console.log(`vectors: ${folder} is not there, so the tests on vectors of others are not run`)
} else {
  console.error(`vectors: VECTORS names ${folder}, which is not there`)
  process.exitCode = 1
}
