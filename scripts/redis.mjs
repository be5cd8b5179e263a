// Finds a real redis-server for the tests, or fetches one. Node built-ins only.
//
//   1. REDIS_SERVER, the path of a binary
//   2. redis-server or valkey-server on PATH
//   3. the copy that an earlier run put into .cache/redis
//   4. Debian and Ubuntu: the redis-tools package, unpacked into .cache/redis: no root, no service, no port 6379

import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

/**
 * How to run the server: spawn `command` with `env` added to the environment.
 *
 * @typedef {{ command: string, env: Record<string, string>, version: string }} RedisCommand
 */

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../.cache/', import.meta.url))
const cached = join(cache, 'redis')

/**
 * Resolves to a redis-server that has been seen to run; rejects with what to install when there is none.
 *
 * @param {(line: string) => void} [say] told in one line what was found or is being done
 * @returns {Promise<RedisCommand>}
 */
export async function findRedis(say = () => {}) {
  const given = process.env.REDIS_SERVER
  if (given) {
    const server = await probe(given)
    if (!server) throw new Error(`REDIS_SERVER is ${given}, which does not run as a redis-server`)
    say(`redis: ${server.version} (${given}, from REDIS_SERVER)`)
    return server
  }

  for (const name of ['redis-server', 'valkey-server']) {
    const command = await onPath(name)
    const server = command && (await probe(command))
    if (!server) continue
    say(`redis: ${server.version} (${server.command})`)
    return server
  }

  const kept = await unpacked(cached)
  if (kept) {
    say(`redis: ${kept.version} (.cache/redis)`)
    return kept
  }

  if (!(await onPath('apt-get')) || !(await onPath('dpkg'))) throw new Error(wanted('there is none on PATH'))
  say('redis: none on PATH, so unpacking the redis-tools package into .cache/redis')
  try {
    return await fetchFromDebian()
  } catch (error) {
    throw new Error(wanted(`fetching the redis-tools package failed: ${reason(error)}`), { cause: error })
  }
}

/** @param {string} why */
const wanted = (why) => `the tests need a real Redis, 7.0 or newer, and ${why}
  Debian, Ubuntu: apt-get install redis-server
  Fedora:         dnf install valkey
  macOS:          brew install redis
  or set REDIS_SERVER to the path of a redis-server binary`

/** @param {unknown} error */
const reason = (error) => {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  return stderr || (error instanceof Error ? error.message : String(error))
}

/**
 * @param {string} command
 * @param {Record<string, string>} [env]
 * @returns {Promise<RedisCommand | undefined>} undefined when it does not run as a server
 */
async function probe(command, env = {}) {
  try {
    const { stdout } = await run(command, ['--version'], { env: { ...process.env, ...env }, timeout: 10_000 })
    const version = /^(?:Redis|Valkey) server v=(\S+)/.exec(stdout)?.[1]
    return version ? { command, env, version } : undefined
  } catch {
    return undefined
  }
}

/** @param {string} name */
async function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && (await exists(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

/** @param {string} path */
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * @param {string} home a folder that `fetchFromDebian` made
 * @returns {Promise<RedisCommand | undefined>}
 */
async function unpacked(home) {
  const command = join(home, 'redis-server')
  if (!(await exists(command))) return undefined
  const libraries = await libraryFolders(join(home, 'root'))
  return probe(command, libraries.length > 0 ? { LD_LIBRARY_PATH: libraries.join(delimiter) } : {})
}

/** @param {string} root */
async function libraryFolders(root) {
  const folders = []
  for (const parent of [join(root, 'usr/lib'), join(root, 'lib')]) {
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(parent, entry.name))
  }
  return folders
}

/**
 * Debian's redis-server is a link to redis-check-rdb of the package redis-tools, which has no service to start.
 * Downloads it, with the libraries that it misses here, through package lists of its own.
 *
 * @returns {Promise<RedisCommand>}
 */
async function fetchFromDebian() {
  await mkdir(cache, { recursive: true })
  const home = await mkdtemp(join(cache, 'redis-'))
  const root = join(home, 'root')
  try {
    const apt = await privateApt(join(home, 'apt'))
    await apt.unpack('redis-tools', root)
    await symlink('root/usr/bin/redis-check-rdb', join(home, 'redis-server'))

    /** @type {string[]} */
    let layer = ['redis-tools']
    const seen = new Set(layer)
    while (!(await unpacked(home))) {
      layer = await missingLibraries(apt, layer, seen)
      if (layer.length === 0) throw new Error(`it does not run: ${await unresolved(home)}`)
      for (const name of layer) await apt.unpack(name, root)
    }
    await rm(apt.home, { recursive: true })

    // Another run may have been quicker: then its copy stays, if it works.
    if (!(await unpacked(cached))) {
      await rm(cached, { recursive: true, force: true })
      await rename(home, cached).catch(() => {})
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  const server = await unpacked(cached)
  if (!server) throw new Error('the unpacked server does not run')
  return server
}

/**
 * apt with lists, caches and locks in a folder of its own, so that any user can run it.
 *
 * @param {string} home
 */
async function privateApt(home) {
  const downloads = join(home, 'downloads')
  for (const folder of ['lists/partial', 'cache/archives/partial', 'downloads']) {
    await mkdir(join(home, folder), { recursive: true })
  }
  const options = [
    `Dir::State=${home}`,
    `Dir::State::Lists=${join(home, 'lists')}`,
    `Dir::Cache=${join(home, 'cache')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option])
  const limits = { cwd: downloads, timeout: 180_000, maxBuffer: 16 * 1024 * 1024 }
  await run('apt-get', [...options, '-q', 'update'], limits)

  /** @param {string} name */
  const file = async (name) => {
    const files = await readdir(downloads)
    const found = files.find((candidate) => candidate.startsWith(`${name}_`))
    if (!found) throw new Error(`apt-get downloaded no file of the package ${name}`)
    return join(downloads, found)
  }
  return {
    home,
    /**
     * @param {string} name
     * @param {string} root
     */
    async unpack(name, root) {
      await run('apt-get', [...options, '-q', 'download', name], limits)
      await mkdir(root, { recursive: true })
      await run('dpkg', ['-x', await file(name), root], limits)
    },
    /** @param {string} name */
    async depends(name) {
      const { stdout } = await run('dpkg-deb', ['-f', await file(name), 'Depends'], limits)
      return stdout.split(',').map((clause) => clause.trim().split(/[\s|:(]/)[0] ?? '')
    },
  }
}

/**
 * The libraries that these packages depend on and that this machine has not installed. The C library is left
 * out: one beside the system's own would not work.
 *
 * @param {Awaited<ReturnType<typeof privateApt>>} apt
 * @param {string[]} packages
 * @param {Set<string>} seen
 */
async function missingLibraries(apt, packages, seen) {
  const missing = []
  for (const name of packages) {
    for (const dependency of await apt.depends(name)) {
      if (!dependency.startsWith('lib') || dependency === 'libc6' || seen.has(dependency)) continue
      seen.add(dependency)
      if (!(await installed(dependency))) missing.push(dependency)
    }
  }
  return missing
}

/** @param {string} name */
const installed = (name) =>
  run('dpkg-query', ['-s', name]).then(
    ({ stdout }) => /^Status: .* installed$/m.test(stdout),
    () => false,
  )

/** @param {string} home */
async function unresolved(home) {
  const { stdout } = await run('ldd', [join(home, 'redis-server')]).catch(() => ({ stdout: '' }))
  const lines = stdout.split('\n').filter((line) => line.includes('not found'))
  return lines.length > 0 ? lines.map((line) => line.trim()).join(', ') : 'no library is missing'
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await findRedis((line) => console.log(line))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
