import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { isRevoked, LIFETIMES, newSubject, ofKind, opened, opening, rotation, START } from './fixtures.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

const BACK_WITHIN_MS = 5000
/** A server seldom comes back in the very millisecond in which it is given up. */
const HANGS_ON_MS = 20

let redis: RedisServer
let store: Store
let other: Store

beforeEach(async () => {
  redis = await startRedis()
  const open = () => redisStore({ url: redis.url, time: 'caller', commandTimeoutMs: 1000 }).open(storeContext)
  store = await open()
  other = await open()
  // The server has every script already, so what is sent while it hangs is all that there is to be done.
  expect(await answers(store, await castOf(store))).toEqual(WELL)
  // Whoever follows the feeds knows the server's clock, and so tells it how long an answer is waited for.
  for (let shard = 0; shard < store.revocations.shards; shard++)
    ofKind(await store.revocations.pull(shard, 0), 'pulled')
})
afterEach(async () => {
  await store.close()
  await other.close()
  await redis.stop()
})

/** Asks while the server hangs, until all is given up, and lets it go on. */
async function givenUp(ask: () => Promise<{ readonly kind: string }>): Promise<void> {
  redis.kill('SIGSTOP')
  expect(await ask()).toEqual({ kind: 'unavailable' })
  await sleep(HANGS_ON_MS)
  redis.kill('SIGCONT')
  await vi.waitFor(async () => expect(await other.ping()).toBe(true), BACK_WITHIN_MS)
  await vi.waitFor(async () => expect(await store.ping()).toBe(true), BACK_WITHIN_MS)
}

const listed = async (tag: ReturnType<typeof newSubject>['tag']): Promise<readonly string[]> => {
  const outcome = await other.sessions.list({ tag, at: START, lifetimes: LIFETIMES })
  return ofKind(outcome, 'listed').sessions.map((session) => session.id)
}

test('a sign-in that was given up makes no session later', async () => {
  const subject = newSubject()
  await givenUp(() => store.sessions.open(opening(subject)))
  expect(await listed(subject.tag)).toEqual([])
})

test('a refresh that was given up changes nothing later', async () => {
  const session = await opened(store, opening(newSubject()))
  await givenUp(() => store.sessions.rotate(rotation(session)))
  const again = await other.sessions.rotate(rotation(session))
  expect(again).toMatchObject({ kind: 'rotated', session: { generation: 2 } })
})

test('a logout that was given up, and so was not promised, ends nothing later', async () => {
  const subject = newSubject()
  const session = await opened(store, opening(subject))
  await givenUp(() => store.sessions.end({ id: session.id, at: START, evenIfAbsent: true }))
  expect(await listed(subject.tag)).toEqual([session.id])
  expect(await isRevoked(other, session.id, subject.tag)).toBe(false)
})

test('nor does the end of a whole subject', async () => {
  const subject = newSubject()
  const session = await opened(store, opening(subject))
  await givenUp(() => store.sessions.endSubject({ tag: subject.tag, at: START, lifetimes: LIFETIMES }))
  expect(await listed(subject.tag)).toEqual([session.id])
  expect(await isRevoked(other, session.id, subject.tag)).toBe(false)
})

test.each(['revoke', 'assert'] as const)('%s, given up, revokes nothing later', async (method) => {
  const { revocations } = store
  const revocation = { kind: 'token', jti: randomUUID() } as const
  const shard = revocations.shardOf(revocation)
  await givenUp(() =>
    method === 'revoke'
      ? revocations.revoke(revocation, START)
      : revocations.assert(shard, [revocation], START),
  )
  const { revocations: fed } = ofKind(await other.revocations.pull(shard, 0), 'pulled')
  expect(fed).not.toContainEqual(revocation)
})

test('what is asked in time is done, however often the server hung before', async () => {
  const session = await opened(store, opening(newSubject()))
  for (let generation = 1; generation <= 3; generation++) {
    await givenUp(() => store.sessions.rotate(rotation(session, { generation })))
    const outcome = await store.sessions.rotate(rotation(session, { generation }))
    expect(outcome).toMatchObject({ kind: 'rotated', session: { generation: generation + 1 } })
  }
})
