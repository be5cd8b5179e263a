// Upgrades three servers of an older commit to this checkout one by one, under load, takes them back and upgrades them
// again: on Redis and on PostgreSQL. The older commit is built below .cache/upgrade, once.
//
//   npm run test:upgrade -- <commit>

import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cache, exists } from './debian.mjs'
import { root } from './published.mjs'

const run = promisify(execFile)

/**
 * The folder of a commit that is built.
 *
 * @param {string} commit
 */
async function checkoutOf(commit) {
  const home = join(cache, 'upgrade', commit)
  if (await exists(home)) return home
  await mkdir(join(cache, 'upgrade'), { recursive: true })
  const partial = await mkdtemp(`${home}-`)
  try {
    const archive = join(partial, 'checkout.tar')
    await run('git', ['archive', '--output', archive, commit], { cwd: root })
    await run('tar', ['-xf', archive], { cwd: partial })
    console.log('upgrade: installing its dependencies')
    await run('npm', ['ci', '--prefer-offline'], { cwd: partial })
    console.log('upgrade: building it')
    await run('npm', ['run', 'build'], { cwd: partial })
    // Another run may have been faster: its copy is as good.
    await rename(partial, home).catch(() => {})
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return home
}

const [asked, ...more] = process.argv.slice(2)
if (asked === undefined) {
  console.error(
    'npm run test:upgrade -- <commit>: say from which commit, such as the tag of the last release',
  )
  process.exit(64)
}
const { stdout } = await run('git', ['rev-parse', '--verify', `${asked}^{commit}`], { cwd: root })
const commit = stdout.trim()
console.log(`upgrade: from ${commit}`)
const checkout = await checkoutOf(commit)
const vitest = `${root}node_modules/vitest/vitest.mjs`
const args = [vitest, 'run', '--config', 'test/upgrade/vitest.config.ts', ...more]
spawn(process.execPath, args, {
  cwd: root,
  env: { ...process.env, UPGRADE_FROM: checkout },
  stdio: 'inherit',
})
  .once('error', () => process.exit(1))
  .once('close', (code) => process.exit(code ?? 1))
