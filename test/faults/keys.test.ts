import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeySeal, type ScheduledKey } from '../../packages/core/src/keys/seal.ts'
import { deriveKeys } from '../../packages/core/src/secrets.ts'
import { type ServerProcess, startProgram } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { accessOf, bodyOf, type Client, claimsOf, cookieOf, createClient } from './client.ts'
import { rounds, TEST_TIMEOUT_MS } from './rounds.ts'
import { REFUSED_WITHIN_MS, until, upTo } from './system.ts'

/** A key that is published for six minutes before it signs is so for 0.9 seconds, and gone 4.7 seconds after the next one. */
const SPEED = 400
const ROTATE_EVERY_MS = 2000
const JWKS_MAX_AGE_MS = 300_000
/** For a new key to reach every node. This takes real time, however fast the clocks run. */
const SPREAD_MS = 60_000
const USERS = 12

interface KeyNode extends Client {
  readonly process: ServerProcess
}

let redis: RedisServer
let nodes: KeyNode[]
const secret = randomBytes(32).toString('base64url')

beforeEach(async () => {
  redis = await startRedis()
  nodes = []
})
afterEach(async () => {
  const codes = await Promise.all(nodes.map((node) => node.process.stop()))
  await redis.stop()
  expect(codes).toEqual(nodes.map(() => 0))
})

async function startNode(speed = 1, from = 0): Promise<KeyNode> {
  const env = { SECRET: secret, REDIS_URL: redis.url, SPEED: String(speed), CLOCK_FROM: String(from) }
  const process = await startProgram('test/faults/key-node.mjs', env)
  const node = { ...createClient(process.url), process }
  nodes.push(node)
  return node
}

const nodeAt = (index: number): KeyNode => nodes[index % nodes.length] as KeyNode
const kidOf = (access: string): string => decodeProtectedHeader(access).kid ?? ''
const publishedBy = async (node: KeyNode): Promise<string[]> => {
  const reply = await node.call('GET', '/.well-known/jwks.json')
  return (bodyOf(reply).keys as { kid: string }[]).map(({ kid }) => kid)
}

/** The key ids that a node publishes, and what its own clock showed when it was asked. */
const listedBy = async (node: KeyNode): Promise<{ now: number; kids: string[] }> =>
  JSON.parse((await node.call('GET', '/test/published')).text)

/** The private keys that the ring has held, for whoever has the secret. */
async function privateKeys(known: Map<string, ScheduledKey>): Promise<void> {
  const client = redisClient(redis)
  const seal = createKeySeal(deriveKeys([Buffer.from(secret)], 'https://auth.example.test'))
  const [ring = ''] = await client.keys('*:k')
  for (const [kid, sealed] of Object.entries(await client.hgetall(ring))) {
    const key = known.has(kid) || kid === '@' ? undefined : await seal.unseal({ kid, sealed })
    if (key !== undefined) known.set(kid, key)
  }
  client.disconnect()
}

test(
  'keys rotate under load on three nodes: no good token is refused, no dead key accepted, none signs before it is known',
  async () => {
    const from = Date.now()
    const now = (): number => from + (Date.now() - from) * SPEED
    for (const _ of upTo(3)) await startNode(SPEED, from)
    const lists: { now: number; kids: string[] }[] = []
    const signed = new Map<string, number>()
    const keys = new Map<string, ScheduledKey>()
    const made = new Map<string, { readonly at: number; readonly signsFrom: number }>()
    const refused: string[] = []
    let asked = 0
    let running = true

    const user = async (index: number): Promise<void> => {
      let reply = await nodeAt(index).login('user')
      for (let turn = index; running; turn++) {
        const access = accessOf(reply)
        const kid = kidOf(access)
        if (!signed.has(kid)) signed.set(kid, claimsOf(access).exp * 1000 - 900_000)
        for (const node of nodes) {
          const answer = await node.me(access)
          asked++
          const isOver = claimsOf(access).exp * 1000 <= now()
          if (answer.status !== 200 && !isOver) refused.push(`${answer.status} ${answer.text} ${kid}`)
        }
        reply = await nodeAt(turn).refresh(cookieOf(reply))
      }
    }
    const watcher = async (): Promise<void> => {
      while (running) {
        lists.push(...(await Promise.all(nodes.map(listedBy))))
        await privateKeys(keys)
        await sleep(10)
      }
    }
    const rotator = async (): Promise<void> => {
      for (let turn = 0; running; turn++) {
        await sleep(ROTATE_EVERY_MS)
        const reply = await nodeAt(turn).call('POST', '/test/rotate')
        expect(reply.status).toBe(200)
        const { kid, now: at, signsFrom } = bodyOf(reply) as { kid: string; now: number; signsFrom: number }
        if (!made.has(kid)) made.set(kid, { at, signsFrom })
      }
    }
    const all = Promise.all([...upTo(USERS).map(user), watcher(), rotator()])
    await Promise.race([all, sleep(rounds.rotationSeconds * 1000)])
    running = false
    await all

    expect(refused).toEqual([])
    const [first, ...later] = [...signed].sort((a, b) => a[1] - b[1])
    console.log(`${later.length} rotations, ${asked} tokens verified by three nodes`)
    expect(later.length).toBeGreaterThanOrEqual(Math.floor(rounds.rotationSeconds / 3) - 1)
    expect(first).toBeDefined()
    for (const [kid, signedAt] of later) {
      // Whoever fetched a list without the key may keep it for the max-age.
      const { at = Number.NaN, signsFrom = Number.NaN } = made.get(kid) ?? {}
      expect(signsFrom - at).toBeGreaterThanOrEqual(JWKS_MAX_AGE_MS + SPREAD_MS)
      // A token says in whole seconds when it was issued.
      expect(signedAt).toBeGreaterThanOrEqual(signsFrom - 1000)
      const without = lists.filter(({ now, kids }) => now < signedAt && !kids.includes(kid))
      expect(without.length).toBeGreaterThan(0)
      const last = Math.max(...without.map(({ now }) => now))
      expect((last - at) / SPEED).toBeLessThan(SPREAD_MS)
    }

    const alive = new Set((await Promise.all(nodes.map(publishedBy))).flat())
    const gone = [...keys.values()].filter(({ kid }) => !alive.has(kid))
    expect(gone.length).toBeGreaterThan(0)
    for (const key of gone) {
      const iat = Math.floor(now() / 1000)
      const claims = { sub: 'nobody', sid: 'none', jti: 'none', client_id: 'web', iat, exp: iat + 1800 }
      const forged = await new SignJWT(claims)
        .setIssuer('https://auth.example.com')
        .setAudience('https://api.example.com')
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
        .sign(key.privateKey)
      for (const node of nodes) expect((await node.me(forged)).status).toBe(401)
    }
  },
  TEST_TIMEOUT_MS,
)

test('a key that is compromised is refused on three nodes within a second, and nobody has to sign in again', async () => {
  for (const _ of upTo(3)) await startNode()
  const users = await Promise.all(upTo(USERS).map((index) => nodeAt(index).login('user')))
  const lost = kidOf(accessOf(users[0] as (typeof users)[0]))
  for (const node of nodes)
    for (const reply of users) expect((await node.me(accessOf(reply))).status).toBe(200)

  const drill = await nodeAt(0).call('POST', `/test/compromise/${lost}`)
  expect(drill.status).toBe(200)
  for (const node of nodes) {
    const last = await until(
      () => Promise.all(users.map((reply) => node.me(accessOf(reply)))),
      (replies) => replies.every(({ status }) => status === 401),
      REFUSED_WITHIN_MS,
    )
    expect(new Set(last.map(({ status }) => status))).toEqual(new Set([401]))
    expect(await publishedBy(node)).not.toContain(lost)
    console.log(`refused ${Math.round((last[0]?.answeredAt ?? 0) - drill.answeredAt)} ms after the drill`)
  }
  for (const [index, reply] of users.entries()) {
    const next = await nodeAt(index + 1).refresh(cookieOf(reply))
    expect(kidOf(accessOf(next))).not.toBe(lost)
    for (const node of nodes) expect((await node.me(accessOf(next))).status).toBe(200)
  }
  const events = JSON.parse((await nodeAt(0).call('GET', '/test/events')).text)
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'key.compromised', outcome: 'success', kid: lost }),
  )
  const late = await startNode()
  expect((await late.me(accessOf(users[0] as (typeof users)[0]))).status).toBe(401)
})

test(
  'a node that is killed while it rotates leaves a ring that works',
  async () => {
    const steady = await startNode()
    const first = await steady.login('user')
    for (const round of upTo(rounds.killedRotations)) {
      const victim = await startNode()
      void victim.call('POST', '/test/rotate').catch(() => {})
      await sleep(round % 6)
      victim.process.kill()
      nodes.pop()
      const late = await startNode()
      const reply = await late.login('user')
      for (const node of nodes) expect((await node.me(accessOf(reply))).status).toBe(200)
      expect((await late.me(accessOf(first))).status).toBe(200)
      expect((await publishedBy(late)).length).toBeLessThanOrEqual(2)
      expect(await late.process.stop()).toBe(0)
      nodes.pop()
    }
  },
  TEST_TIMEOUT_MS,
)
