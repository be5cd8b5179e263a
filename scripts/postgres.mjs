// Finds a real PostgreSQL for the tests, or fetches one. Node built-ins only.
//
//   1. POSTGRES_BIN, the folder with initdb and postgres
//   2. the folder of the postgres on PATH
//   3. where Debian and Ubuntu install it, which is not on PATH: the newest of /usr/lib/postgresql/*/bin
//   4. the copy that an earlier run put into .cache/postgres
//   5. Debian and Ubuntu: the package postgresql, unpacked into .cache/postgres: no root, no service, no port 5432

import { execFile } from 'node:child_process'
import { chmod, readdir, realpath, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { cache, exists, hasApt, libraryPath, onPath, reason, unpackPackage } from './debian.mjs'
import { sayOrFail } from './program.mjs'

/**
 * How to run the programs: spawn them by their path in `bin`, with `env` added to the environment, and as `user`.
 *
 * @typedef {{ bin: string, env: Record<string, string>, version: string, user: User }} PostgresPrograms
 */

/** @typedef {{ readonly uid?: number, readonly gid?: number }} User */

const OLDEST = 14
const INSTALLED = '/usr/lib/postgresql'
/** The user `nobody` of Debian and of nearly all others. */
const NOBODY = 65_534

const run = promisify(execFile)
const cached = join(cache, 'postgres')

/**
 * Whom the programs are run as: they refuse to be run by root.
 *
 * @type {User}
 */
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/**
 * Resolves to programs that have been seen to run; rejects with what to install when there are none.
 *
 * @param {(line: string) => void} [say] told in one line what was found or is being done
 * @returns {Promise<PostgresPrograms>}
 */
export async function findPostgres(say = () => {}) {
  const given = process.env.POSTGRES_BIN
  if (given) {
    const programs = await probe(given)
    if (!programs)
      throw new Error(
        `POSTGRES_BIN is ${given}, which has no initdb and postgres (${OLDEST} or newer) that run`,
      )
    say(`postgres: ${programs.version} (${given}, from POSTGRES_BIN)`)
    return programs
  }

  for (const bin of await installed()) {
    const programs = await probe(bin)
    if (!programs) continue
    say(`postgres: ${programs.version} (${bin})`)
    return programs
  }

  const kept = await unpacked(cached)
  if (kept) {
    say(`postgres: ${kept.version} (.cache/postgres)`)
    return kept
  }

  if (!(await hasApt())) throw new Error(wanted('there is none'))
  say('postgres: none installed, so unpacking the postgresql package into .cache/postgres')
  try {
    return await fetchFromDebian()
  } catch (error) {
    throw new Error(wanted(`fetching the postgresql package failed: ${reason(error)}`), { cause: error })
  }
}

/** @param {string} why */
const wanted = (why) => `the tests need a real PostgreSQL, ${OLDEST} or newer, and ${why}
  Debian, Ubuntu: apt-get install postgresql
  Fedora:         dnf install postgresql-server
  macOS:          brew install postgresql
  or set POSTGRES_BIN to the folder with initdb and postgres${
    user.uid === undefined ? '' : '; root runs them as the user nobody, who must be able to read that folder'
  }`

/** The folders in which installed programs may be. */
async function installed() {
  const folders = []
  const command = await onPath('postgres')
  if (command) folders.push(dirname(await realpath(command)))
  return [...folders, ...(await versionsIn(INSTALLED))]
}

/**
 * The folders of the programs of all versions, the newest first.
 *
 * @param {string} parent
 */
async function versionsIn(parent) {
  const versions = (await readdir(parent).catch(() => [])).map(Number).filter(Boolean)
  return versions.sort((a, b) => b - a).map((version) => join(parent, String(version), 'bin'))
}

/**
 * @param {string} bin
 * @param {Record<string, string>} [env]
 * @returns {Promise<PostgresPrograms | undefined>} undefined when they do not run, or are too old
 */
async function probe(bin, env = {}) {
  const versions = await Promise.all(['initdb', 'postgres'].map((name) => versionOf(join(bin, name), env)))
  const [version] = versions
  if (version === undefined || versions.some((one) => one === undefined || Number.parseInt(one, 10) < OLDEST))
    return undefined
  return { bin, env, version, user }
}

/**
 * @param {string} command
 * @param {Record<string, string>} env
 */
async function versionOf(command, env) {
  try {
    const { stdout } = await run(command, ['--version'], {
      ...user,
      cwd: '/',
      env: { ...process.env, ...env },
      timeout: 10_000,
    })
    return /^(?:initdb|postgres) \(PostgreSQL\) (\S+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}

/**
 * @param {string} home a folder that `fetchFromDebian` made
 * @returns {Promise<PostgresPrograms | undefined>}
 */
async function unpacked(home) {
  return (await exists(join(home, 'bin')))
    ? probe(await realpath(join(home, 'bin')), await libraryPath(home))
    : undefined
}

/**
 * The package postgresql has nothing but the name of the package of the version that Debian has.
 *
 * @returns {Promise<PostgresPrograms>}
 */
const fetchFromDebian = () =>
  unpackPackage({
    name: 'postgresql',
    follow: /^postgresql-\d+$/,
    into: cached,
    async arrange(home) {
      const [newest] = await versionsIn(join(home, 'root', INSTALLED))
      if (newest === undefined) return
      await symlink(join('root', newest.slice(join(home, 'root').length)), join(home, 'bin'))
      // The user that root runs it as has to find it.
      await chmod(home, 0o755)
    },
    binary: 'bin/postgres',
    probe: unpacked,
  })

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await sayOrFail(findPostgres)
