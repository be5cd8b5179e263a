import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, bodyOf, cookieOf, PASSWORD } from './client.ts'
import { type Entry, holdsPrivateKeyOf, readAll, readingsOf } from './redis-content.ts'
import { eachOf, type Node, type System, startSystem, upTo } from './system.ts'

const USERS = 100
const NEXT_PASSWORD = 'Tr0ub4dor&3, but longer'
const MEASURED_USERS = 2000

let system: System
let node: Node
let redis: Redis

beforeAll(async () => {
  system = await startSystem()
  node = await system.start('koa')
  redis = redisClient(system.redis)
})

afterAll(async () => {
  redis.disconnect()
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0, 0])
  expect(errors).toEqual([])
})

test('a dump of Redis gives no token, no user name, no password and no private key', async () => {
  const used = await useEverything()
  const entries = await readAll(redis)
  const readings = entries.flatMap(({ parts }) => parts.flatMap(readingsOf))
  expect(entries.length).toBeGreaterThan(USERS)
  // That what does lie there is found proves that the search works.
  const keys = await publicKeys()
  for (const known of [...used.subjects, ...keys.map(({ kid }) => kid)])
    expect(readings.some((reading) => reading.includes(known))).toBe(true)

  for (const secret of secretsOf(used)) {
    const found = readings.filter((reading) => reading.includes(secret.bytes)).length
    expect({ what: secret.what, found }).toEqual({ what: secret.what, found: 0 })
  }
  expectNoPrivateKey(keys, entries)
})

test('every key of Redis is going to expire', async () => {
  const entries = await readAll(redis)
  expect(entries.filter(({ ttlMs }) => ttlMs <= 0).map(({ key }) => key)).toEqual([])
})

test.each([
  { what: 'a user with one session', from: 20_000, most: 350, env: { ACTIVITY: 'off' } },
  { what: 'one who sees the sign-in, too', from: 40_000, most: 390, env: { ACTIVITY: 'on' } },
])('$what costs less than $most bytes, all keys counted', async ({ what, from, most, env }) => {
  const own = await system.start('koa', env)
  // The first users also bring what every user shares: scripts, feeds, connections.
  await eachOf(upTo(50), 8, (index) => own.login(`user${from + 10_000 + index}`))
  const before = await usedMemory()
  const statuses = await eachOf(
    upTo(MEASURED_USERS),
    8,
    async (index) => (await own.login(`user${from + index}`)).status,
  )
  expect(new Set(statuses)).toEqual(new Set([200]))
  const bytes = ((await usedMemory()) - before) / MEASURED_USERS
  console.log(`memory of Redis: ${bytes.toFixed(0)} bytes for ${what} (${MEASURED_USERS} users)`)
  expect(bytes).toBeLessThanOrEqual(most)
})

test('the search for a private key finds one', () => {
  const { privateKey, publicKey } = keyPair('ed25519')
  const { d = '' } = privateKey.export({ format: 'jwk' })
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const hidden = Buffer.from(`some text, then the key ${d}`)
  expect(readingsOf(hidden).some((reading) => holdsPrivateKeyOf(x, reading))).toBe(true)
})

interface Used {
  readonly names: readonly string[]
  readonly subjects: readonly string[]
  readonly refreshTokens: readonly string[]
  readonly accessTokens: readonly string[]
}

/** Sign-ins of both kinds, refreshes, log-outs, a changed password: whatever writes to Redis. */
async function useEverything(): Promise<Used> {
  const names = ['alice', ...upTo(USERS - 1).map((index) => `user${10_000 + index}`)]
  const subjects: string[] = []
  const refreshTokens: string[] = []
  const accessTokens: string[] = []

  await eachOf(names, 8, async (name) => {
    const index = names.indexOf(name)
    const login = await node.login(name)
    refreshTokens.push(cookieOf(login))
    accessTokens.push(accessOf(login))
    const me = bodyOf(await node.me(accessOf(login)))
    if (index % 5 !== 1) subjects.push(String(me.sub))
    if (index % 2 === 0) {
      const refreshed = await node.refresh(cookieOf(login))
      refreshTokens.push(cookieOf(refreshed))
      accessTokens.push(accessOf(refreshed))
    }
    if (index % 3 === 0) await useNatively(name, refreshTokens, accessTokens)
    if (index % 5 === 1) await node.logout({ cookie: cookieOf(login) })
  })

  const change = { current: PASSWORD, next: NEXT_PASSWORD }
  const access = accessOf(await node.login('alice'))
  const changed = await node.call('POST', '/auth/password', { access, json: change })
  expect(changed.status).toBe(204)
  refreshTokens.push(cookieOf(changed))
  return { names, subjects, refreshTokens, accessTokens }
}

async function useNatively(name: string, refreshTokens: string[], accessTokens: string[]): Promise<void> {
  const login = await node.login(name, { 'X-Token-Transport': 'body' })
  const first = String(bodyOf(login).refresh_token)
  const form = { grant_type: 'refresh_token', refresh_token: first }
  const next = await node.call('POST', '/auth/token', { form })
  refreshTokens.push(first, String(bodyOf(next).refresh_token))
  accessTokens.push(accessOf(login), accessOf(next))
}

interface Secret {
  readonly what: string
  readonly bytes: Buffer
}

const MAC_BYTES = 16

/** What must not be found, as text and as the bytes that the text stands for. */
function secretsOf({ names, refreshTokens, accessTokens }: Used): readonly Secret[] {
  const text = (what: string, value: string): Secret => ({ what, bytes: Buffer.from(value) })
  const decoded = (what: string, value: string): Secret => ({ what, bytes: Buffer.from(value, 'base64url') })
  return [
    text('password', PASSWORD),
    text('changed password', NEXT_PASSWORD),
    text('private key, PEM', 'PRIVATE KEY'),
    text('private key, JWK', '"d":'),
    decoded('the secret', system.secret),
    text('the secret', system.secret),
    ...names.map((name) => text('user name', name)),
    ...refreshTokens.flatMap((token) => {
      const body = token.slice(token.indexOf('_') + 1)
      const mac = Buffer.from(body, 'base64url').subarray(-MAC_BYTES)
      return [
        text('refresh token', body),
        decoded('refresh token', body),
        { what: 'MAC of a refresh token', bytes: mac },
      ]
    }),
    ...accessTokens.flatMap((token) => {
      const [, payload = '', signature = ''] = token.split('.')
      return [
        text('payload of an access token', payload),
        decoded('payload of an access token', payload),
        text('signature of an access token', signature),
        decoded('signature of an access token', signature),
      ]
    }),
  ]
}

interface PublicKey {
  readonly kid: string
  readonly x: string
}

async function publicKeys(): Promise<readonly PublicKey[]> {
  const { keys } = bodyOf(await node.call('GET', '/.well-known/jwks.json'))
  const listed = Array.isArray(keys) ? keys.map(({ kid, x }) => ({ kid: String(kid), x: String(x) })) : []
  expect(listed).toHaveLength(1)
  return listed
}

/** Each run of 32 bytes is tried, so it does not matter in which form the key would lie there. */
function expectNoPrivateKey(keys: readonly PublicKey[], entries: readonly Entry[]): void {
  for (const { key, parts } of entries)
    for (const part of parts)
      for (const reading of readingsOf(part))
        for (const { x } of keys)
          expect({ key, found: holdsPrivateKeyOf(x, reading) }).toEqual({ key, found: false })
}

async function usedMemory(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}
