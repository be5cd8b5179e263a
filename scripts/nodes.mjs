// Node.js in other versions than the one that runs this, from the registry's packages of its binaries: unpacked into
// .cache, nothing is installed.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cache, exists } from './debian.mjs'

const run = promisify(execFile)
const platform = `node-${process.platform}-${process.arch}`

/**
 * The folder with the binary of a version, such as `22` (the newest of that line) or `20.19.0`.
 *
 * @param {string} wanted
 * @returns {Promise<{ bin: string, version: string }>}
 */
export async function fetchNode(wanted) {
  const { stdout } = await run('npm', ['view', `${platform}@${wanted}`, 'version', '--json'])
  /** @type {string | string[]} */
  const found = JSON.parse(stdout)
  const version = [found]
    .flat()
    .toSorted(new Intl.Collator('en', { numeric: true }).compare)
    .at(-1)
  if (version === undefined) throw new Error(`there is no ${platform}@${wanted}`)

  const home = join(cache, 'node', version)
  const bin = join(home, 'package', 'bin')
  if (!(await exists(join(bin, 'node')))) {
    await mkdir(join(cache, 'node'), { recursive: true })
    const partial = await mkdtemp(`${home}-`)
    try {
      await run('npm', ['pack', `${platform}@${version}`, '--pack-destination', partial])
      await run('tar', ['-xzf', `${platform}-${version}.tgz`], { cwd: partial })
      // Another run may have been faster: its copy is as good.
      await rename(partial, home).catch(() => {})
    } finally {
      await rm(partial, { recursive: true, force: true })
    }
  }
  return { bin, version }
}
