import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { type Framework, ServerStartError, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'

const EX_CONFIG = 78
const AT_ONCE = 2
const SECRET = randomBytes(32).toString('base64url')
const folder = mkdtempSync(join(tmpdir(), 'sallyport-startup-'))

let open: RedisServer
let locked: RedisServer
let web: Server
/** Where Redis should be, by name. */
const addresses: Record<string, string> = {}

beforeAll(async () => {
  open = await startRedis()
  locked = await startRedis({ args: ['--requirepass', 'a-password'] })
  web = createServer((_request, response) => response.writeHead(400).end('not a Redis'))
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  const address = web.address()
  addresses.open = open.url
  addresses.locked = locked.url
  addresses.wrongPassword = `redis://:wrong@127.0.0.1:${locked.port}/0`
  addresses.web = `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/0`
  addresses.limited = `redis://limited:pw@127.0.0.1:${open.port}/0`
  addresses.noSuchDatabase = `redis://127.0.0.1:${open.port}/99`
  const admin = redisClient(open)
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '+@connection', '+get')
  admin.disconnect()
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  web.close()
  await open.stop()
  await locked.stop()
})

interface Case {
  /** The variable that the line must name. */
  readonly names: string
  readonly value: string
  readonly what?: string
  readonly env?: Readonly<Record<string, string>>
}

const frameworks: readonly Framework[] = ['express', 'koa', 'fastify']
const secret = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** A file of a JWK Set for `SIGNING_KEYS`. */
function keysFile(name: string, content: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const ed25519 = keyPair('ed25519')
const rsa1024 = keyPair('rsa', { modulusLength: 1024 })
const secp256k1 = keyPair('ec', { namedCurve: 'secp256k1' })
const own = ed25519.privateKey.export({ format: 'jwk' })

const variables: readonly Case[] = [
  { names: 'PORT', value: 'abc' },
  { names: 'PORT', value: '70000' },
  { names: 'PORT', value: '-1' },
  { names: 'HOST', value: 'two words' },
  { names: 'HOST', value: '192.0.2.1', what: 'an address of another machine' },
  { names: 'ACCESS_TTL', value: '0' },
  { names: 'ACCESS_TTL', value: '1801' },
  { names: 'ACCESS_TTL', value: '1.5' },
  { names: 'ACCESS_TTL', value: 'abc' },
  { names: 'REFRESH_TTL', value: '2592001' },
  { names: 'REFRESH_TTL', value: '0' },
  { names: 'SESSION_TTL', value: '2592001' },
  { names: 'REUSE_GRACE', value: '61' },
  { names: 'REUSE_GRACE', value: '-1' },
  { names: 'MAX_SESSIONS', value: '10001' },
  { names: 'MAX_SESSIONS', value: '-1' },
  { names: 'REVOCATION', value: 'x' },
  { names: 'MAX_STALENESS', value: '-1' },
  { names: 'ALLOW_LIST', value: 'yes' },
  { names: 'SECRET', value: secret(31), what: 'short' },
  { names: 'SECRET', value: `${secret(32)}!`, what: 'not base64url' },
  { names: 'SECRET', value: `${secret(32)},${secret(16)}`, what: 'one of a list short' },
  { names: 'SECRET', value: Buffer.alloc(32).toString('base64url'), what: 'nothing but zeros' },
  { names: 'SIGNING_ALG', value: 'HS256' },
  { names: 'SIGNING_ALG', value: 'none' },
  { names: 'ISSUER', value: 'auth.example.test' },
  { names: 'ISSUER', value: 'http://auth.example.test' },
  { names: 'AUDIENCE', value: 'two words' },
  { names: 'ALLOWED_ORIGINS', value: 'https://app.example.test/path' },
  { names: 'ALLOWED_ORIGINS', value: '*' },
  { names: 'TRUST_PROXY', value: 'foo' },
  { names: 'KEY_PREFIX', value: 'with space', env: { REDIS_URL: 'redis://127.0.0.1:1/0' } },
  { names: 'REDIS_URL', value: 'http://x' },
  { names: 'REDIS_URL', value: 'redis://127.0.0.1:70000/0' },
  { names: 'REDIS_CLUSTER', value: '127.0.0.1' },
  { names: 'DATABASE_URL', value: 'mysql://127.0.0.1/x' },
  { names: 'DATABASE_URL', value: 'postgres:///x', what: 'without a host' },
  {
    names: 'DATABASE_URL',
    value: 'postgres://127.0.0.1/x',
    what: 'beside a Redis',
    env: { REDIS_URL: 'redis://127.0.0.1:1/0' },
  },
  { names: 'REDIS_SENTINEL', value: '127.0.0.1:26379' },
  { names: 'AUDIT_FILE', value: join(folder, 'none', 'audit.jsonl'), what: 'in a missing folder' },
]

const keyFiles: readonly Case[] = [
  { names: 'SIGNING_KEYS', value: join(folder, 'none.json'), what: 'a missing file' },
  { names: 'SIGNING_KEYS', value: keysFile('text.json', 'not JSON'), what: 'no JSON' },
  { names: 'SIGNING_KEYS', value: keysFile('empty.json', { keys: [] }), what: 'no key' },
  { names: 'SIGNING_KEYS', value: keysFile('bare.json', own), what: 'a key that is no set' },
  {
    names: 'SIGNING_KEYS',
    value: keysFile('public.json', { keys: [ed25519.publicKey.export({ format: 'jwk' })] }),
    what: 'a public key only',
  },
  {
    names: 'SIGNING_KEYS',
    value: keysFile('oct.json', { keys: [{ kty: 'oct', k: secret(32), alg: 'HS256' }] }),
    what: 'a symmetric key',
  },
  {
    names: 'SIGNING_KEYS',
    value: keysFile('rsa.json', { keys: [rsa1024.privateKey.export({ format: 'jwk' })] }),
    what: 'an RSA key of 1024 bits',
  },
  {
    names: 'SIGNING_KEYS',
    value: keysFile('curve.json', { keys: [secp256k1.privateKey.export({ format: 'jwk' })] }),
    what: 'a foreign curve',
  },
  {
    names: 'SIGNING_KEYS',
    value: keysFile('twice.json', { keys: [own, own] }),
    what: 'the same key twice',
  },
  {
    names: 'SIGNING_ALG',
    value: 'RS256',
    what: 'with an EdDSA key that says so',
    env: { SIGNING_KEYS: keysFile('named.json', { keys: [{ ...own, alg: 'EdDSA' }] }) },
  },
  {
    names: 'SIGNING_ALG',
    value: 'ES256',
    what: 'with an EdDSA key that does not say so',
    env: { SIGNING_KEYS: keysFile('unnamed.json', { keys: [own] }) },
  },
]

const servers: readonly { readonly at: string; readonly what: string }[] = [
  { at: 'locked', what: 'a Redis that wants a password' },
  { at: 'wrongPassword', what: 'a Redis that wants another password' },
  { at: 'limited', what: 'a Redis account without the rights that are needed' },
  // More than once: what is read of its answer is a matter of luck.
  { at: 'web', what: 'an HTTP server' },
  { at: 'web', what: 'an HTTP server' },
  { at: 'web', what: 'an HTTP server' },
  { at: 'noSuchDatabase', what: 'a database that Redis does not have' },
]

let running = 0
const waiting: (() => void)[] = []

/** Runs a few at a time, so that no start is slowed down by all the others. */
async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (running === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

/** Starts a server that has to refuse, and gives what it said. */
async function refusalOf(
  framework: Framework,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  try {
    const server = await startServer(framework, env)
    await server.stop()
    return { exitCode: 0, lines: ['(it started)', ...server.errors] }
  } catch (fault) {
    if (!(fault instanceof ServerStartError)) throw fault
    return { exitCode: fault.exitCode, lines: fault.stderr.split('\n') }
  }
}

function expectOneLine(refusal: Awaited<ReturnType<typeof refusalOf>>, name: string): void {
  expect(refusal.lines).toEqual([expect.stringMatching(new RegExp(`\\b${name}\\b`))])
  expect(refusal.lines[0]?.length).toBeLessThan(200)
  expect(refusal.exitCode).toBe(EX_CONFIG)
}

describe.concurrent('a server refuses, with exit code 78 and one line that names the variable,', () => {
  for (const [index, { names, value, what = value, env }] of [...variables, ...keyFiles].entries()) {
    const framework = frameworks[index % frameworks.length] ?? 'express'
    test(`${names}: ${what} (${framework})`, async () => {
      const refusal = await limited(() => refusalOf(framework, { SECRET, ...env, [names]: value }))
      expectOneLine(refusal, names)
      if (names === 'SECRET') expect(refusal.lines[0]).not.toContain(value)
    })
  }
  for (const [index, { at, what }] of servers.entries()) {
    const framework = frameworks[index % frameworks.length] ?? 'express'
    test(`REDIS_URL: ${what} (${framework})`, async () => {
      const refusal = await limited(() => refusalOf(framework, { SECRET, REDIS_URL: addresses[at] ?? '' }))
      expectOneLine(refusal, 'REDIS_URL')
      expect(refusal.lines[0]).not.toMatch(/a-password|wrong@|:pw@/)
    })
  }
  test('REDIS_URL, without any notice about other variables (koa)', async () => {
    const refusal = await limited(() => refusalOf('koa', { REDIS_URL: addresses.locked ?? '' }))
    expectOneLine(refusal, 'REDIS_URL')
  })
})
