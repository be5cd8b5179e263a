// Finds a real redis-server for the tests, or fetches one. Node built-ins only.
//
//   1. REDIS_SERVER, the path of a binary
//   2. redis-server or valkey-server on PATH
//   3. the copy that an earlier run put into .cache/redis
//   4. Debian and Ubuntu: the redis-tools package, unpacked into .cache/redis: no root, no service, no port 6379

import { execFile } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { cache, exists, hasApt, libraryPath, onPath, reason, unpackPackage } from './debian.mjs'

/**
 * How to run the server: spawn `command` with `env` added to the environment.
 *
 * @typedef {{ command: string, env: Record<string, string>, version: string }} RedisCommand
 */

const run = promisify(execFile)
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

  if (!(await hasApt())) throw new Error(wanted('there is none on PATH'))
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

/**
 * @param {string} home a folder that `fetchFromDebian` made
 * @returns {Promise<RedisCommand | undefined>}
 */
async function unpacked(home) {
  const command = join(home, 'redis-server')
  if (!(await exists(command))) return undefined
  return probe(command, await libraryPath(home))
}

/**
 * Debian's redis-server is a link to redis-check-rdb of the package redis-tools, which has no service to start.
 *
 * @returns {Promise<RedisCommand>}
 */
const fetchFromDebian = () =>
  unpackPackage({
    name: 'redis-tools',
    into: cached,
    arrange: (home) => symlink('root/usr/bin/redis-check-rdb', join(home, 'redis-server')),
    binary: 'redis-server',
    probe: unpacked,
  })

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await findRedis((line) => console.log(line))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
