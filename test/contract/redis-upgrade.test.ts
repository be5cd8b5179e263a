import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { newSubject, ofKind, opened, opening, rotation } from './fixtures.ts'

/** Flags that this version gives no meaning. */
const NEWER_FLAGS = 0b1000_0000

let redis: RedisServer
let admin: Redis
let store: Store
beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
  store = await redisStore({ url: redis.url, time: 'caller' }).open(storeContext)
})
afterAll(async () => {
  await store.close()
  admin.disconnect()
  await redis.stop()
})

/** Every stored state of a session, by its key and field. */
async function states(): Promise<{ key: string; field: string; state: Buffer }[]> {
  const found: { key: string; field: string; state: Buffer }[] = []
  for (const key of await admin.keys('*')) {
    if ((await admin.type(key)) !== 'hash') continue
    for (const [field, value] of Object.entries(await admin.hgetallBuffer(key)))
      found.push({ key, field, state: value })
  }
  return found
}

test.each(['cookie', 'body'] as const)(
  'flags that a newer version sets change nothing for a %s session, and a rotation keeps them',
  async (transport) => {
    await admin.flushall()
    const session = await opened(store, opening(newSubject(), { grant: { transport } }))
    const state = (await states()).find((one) => one.state.length >= 22 && one.state.readUInt32BE(1) === 1)
    if (state === undefined) throw new Error('the state of the session was not found')
    state.state.writeUInt8(state.state.readUInt8(0) | NEWER_FLAGS)
    await admin.hset(state.key, state.field, state.state)

    const { session: next } = ofKind(await store.sessions.rotate(rotation(session, { transport })), 'rotated')
    expect(next).toMatchObject({ transport, generation: 2 })
    const after = await admin.hgetBuffer(state.key, state.field)
    expect((after?.readUInt8(0) ?? 0) & NEWER_FLAGS).toBe(NEWER_FLAGS)
    expect((await store.sessions.confirm(next)).kind).toBe('noted')
    const confirmed = await admin.hgetBuffer(state.key, state.field)
    expect((confirmed?.readUInt8(0) ?? 0) & NEWER_FLAGS).toBe(NEWER_FLAGS)
  },
)
