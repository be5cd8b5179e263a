import { readFileSync } from 'node:fs'
import { createSallyport } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { LIFETIMES, NOTHING, newSubject, ofKind, opened, opening, START } from './fixtures.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

const page = readFileSync(new URL('../../docs/guide/redis.md', import.meta.url), 'utf8')
const [, rules = ''] = /^ACL SETUSER sallyport (.*)$/m.exec(page) ?? []

let redis: RedisServer
let admin: Redis
let url: string

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
  await admin.call('ACL', 'SETUSER', 'sallyport', ...rules.split(' '))
  url = redis.url.replace('//', '//sallyport:a-long-password@')
})
beforeEach(() => admin.flushall())
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

test('the rights that the guide names suffice for every step', async () => {
  const notices: string[] = []
  const notice = (message: string): void => void notices.push(message)
  const store: Store = await redisStore({ url, time: 'caller' }).open({ ...storeContext, notice })
  expect(await answers(store, await castOf(store))).toEqual(WELL)
  const subject = newSubject()
  await opened(store, opening(subject, { sessionLimit: 1 }))
  await opened(store, opening(subject, { sessionLimit: 1 }))
  const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
  ofKind(await store.sessions.renew({ ...ending, known: NOTHING, scope: 'other' }), 'renewed')
  ofKind(await store.sessions.endSubject(ending), 'ended')
  ofKind(await store.revocations.revokeAll(START), 'revoked')
  expect(notices.filter((line) => line.includes('refuses'))).toEqual([])
  await store.close()
})

test('and for a process that hears what others revoke', async () => {
  const secret = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
  const [one, other] = await Promise.all([
    createSallyport({ secret, store: redisStore({ url }) }),
    createSallyport({ secret, store: redisStore({ url }) }),
  ])
  const heard = new Promise((resolve) => other.on('revoked', resolve))
  await one.tokens.revoke('some token')
  expect(await heard).toEqual({ kind: 'token', jti: 'some token' })
  expect(await one.ready()).toBe(true)
  await Promise.all([one.close(), other.close()])
})
