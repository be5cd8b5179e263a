import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisStore } from '@sallyport/redis'
import {
  BrokenRuleError,
  type RestartRedisOptions,
  restartRedis,
  type TestRedis,
  testRedis,
} from '@sallyport/testing'
import express from 'express'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findRedis } from '../../scripts/redis.mjs'
import { redisClient } from '../support/redis-client.ts'
import { settle } from '../support/settle.ts'
import { frameworks, onExpress, type Tested } from './apps.ts'

let folder: string
let binary: string
let redis: TestRedis
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-testing-'))
  binary = join(folder, 'redis-server')
  const { command, env } = await findRedis()
  const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`)
  await writeFile(binary, `#!/bin/sh\n${exports.join('')}exec '${command}' "$@"\n`)
  await chmod(binary, 0o755)
  redis = await testRedis({ binary })
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true })
})

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

describe('a server', () => {
  const read = async (name: string): Promise<string | null> => {
    const client = redisClient({ ...redis, kill: redis.pause, restartEmpty: redis.restart })
    const value = await client.get(name)
    client.disconnect()
    return value
  }
  const write = async (name: string): Promise<void> => {
    const client = redisClient({ ...redis, kill: redis.pause, restartEmpty: redis.restart })
    await client.set(name, 'kept')
    client.disconnect()
  }

  test('comes back with what it had, or empty, and is away meanwhile', async () => {
    await write('a')
    let meanwhile: unknown
    await redis.restart({
      async meanwhile() {
        meanwhile = await read('a').catch((error: Error) => error.message)
      },
    })
    expect(meanwhile).toMatch(/max retries|closed|ECONNREFUSED/i)
    expect(await read('a')).toBe('kept')
    await redis.restart({ empty: true })
    expect(await read('a')).toBeNull()
    await redis.restart()
    expect(await read('a')).toBeNull()
  })

  test('hangs until it may go on', async () => {
    await write('b')
    redis.pause()
    const reading = read('b')
    const first = await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 50, 'hangs'))])
    expect(first).toBe('hangs')
    redis.resume()
    expect(await reading).toBe('kept')
  })

  test('that is not there, or does not start, is an error that says so', async () => {
    await expect(testRedis({ binary: '/nowhere/redis-server' })).rejects.toMatchObject({
      option: 'testRedis.binary',
      message: /^"\/nowhere\/redis-server" cannot be started: install redis-server/,
    })
    await expect(testRedis({ binary, args: ['--nonsense', 'yes'] })).rejects.toThrow(
      /did not start on port \d+:\n[\s\S]*nonsense/,
    )
    await expect(testRedis({ port: 0 })).rejects.toMatchObject({ option: 'testRedis.port' })
    await expect(testRedis({ args: 'x' as never })).rejects.toMatchObject({ option: 'testRedis.args' })
  })
})

let prefixes = 0
async function onRedis(start: (typeof frameworks)[number][1]): Promise<Tested> {
  const keyPrefix = `app${++prefixes}`
  await settle({ ...redis, kill: redis.pause, restartEmpty: redis.restart }, [keyPrefix])
  const store = redisStore({ url: redis.url, keyPrefix, time: 'caller', commandTimeoutMs: 300 })
  const tested = await start({}, { store })
  closing.push(tested.close)
  return tested
}

test.each(frameworks)('an application on %s keeps every rule when Redis restarts', async (_name, start) => {
  const { app, signIn } = await onRedis(start)
  const { rules } = await restartRedis(app, { redis, signIn, protectedPath: '/me' })
  expect(rules.map(({ rule }) => rule)).toEqual([
    ...['says_so', 'keeps_sessions', 'stays_revoked', 'tokens_outlive', 'comes_back'],
  ])
})

test('an application that keeps its sessions elsewhere says nothing of the outage', async () => {
  const tested = await onExpress()
  closing.push(tested.close)
  const { app, signIn } = tested
  const outcome = restartRedis(app, { redis, signIn, protectedPath: '/me' })
  await expect(outcome).rejects.toThrow(
    /1 of 5 rules do not hold\n- says_so: .*\n {2}Seen: a refresh was answered 200/,
  )
})

test('what signs people out, or lets them in again, is found', async () => {
  const { app, signIn } = await onRedis(onExpress)
  let restarts = 0
  const counted = { restart: (options: object) => redis.restart(options).finally(() => restarts++) }
  const outer = express()
  // Forgets who signed out once Redis has, takes an outage for a session that is over, and does not come back.
  outer.use((request, response, next) => {
    if (request.url === '/me' && restarts === 3) response.json({ sub: 'anybody' })
    else if (request.url === '/me' && restarts > 3) response.sendStatus(401)
    else if (request.url === '/auth/refresh' && restarts > 0) response.sendStatus(401)
    else next()
  })
  outer.use((request, response, next) => {
    if (request.url !== '/auth/refresh') return next()
    const writeHead = response.writeHead.bind(response)
    response.writeHead = ((_status: number, ...rest: never[]) => writeHead(500, ...rest)) as typeof writeHead
    next()
  })
  outer.use(app as express.Express)
  const storm = restartRedis(outer, {
    redis: counted as never,
    signIn,
    protectedPath: '/me',
    backWithinSeconds: 5,
  })
  const error = await storm.catch((cause: unknown) => cause)
  if (!(error instanceof BrokenRuleError)) throw error
  expect(error.broken.map(({ rule, seen }) => `${rule}: ${seen}`)).toEqual([
    'says_so: a refresh was answered 500 (temporarily_unavailable)',
    'keeps_sessions: the refresh afterwards was answered 401',
    'stays_revoked: the access token from before was answered 200',
    'tokens_outlive: the access token was answered 401',
    'comes_back: the refresh of a new session was answered 401',
  ])
})

const given = { signIn: async () => ({ headers: {} }), protectedPath: '/me' }
test.each([
  ['restartRedis.redis', { redis: {} }],
  ['restartRedis.backWithinSeconds', { redis: { restart: async () => {} }, backWithinSeconds: 0 }],
  ['restartRedis.logoutPath', { redis: { restart: async () => {} }, logoutPath: '' }],
])('a wrong option is refused: %s', async (option, wrong) => {
  const storm = restartRedis('http://127.0.0.1:1', { ...given, ...wrong } as RestartRedisOptions)
  await expect(storm).rejects.toMatchObject({ name: 'ConfigError', option })
})
