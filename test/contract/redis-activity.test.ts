import { redisStore } from '@sallyport/redis'
import { expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { LIFETIMES, newSubject, ofKind, opened, opening, rotation, START } from './fixtures.ts'

const DAY = 86_400_000
const BOUNDS = { most: 5, mostFailures: 5, keptMs: 30 * DAY }

test('the latest sign-in is kept as long as it is wanted, however soon the session expires', async () => {
  const redis = await startRedis()
  const admin = redisClient(redis)
  const store = await redisStore({ url: redis.url, time: 'caller' }).open(storeContext)
  const [kept, other] = [newSubject(), newSubject()]
  const session = await opened(store, opening(kept))
  const signIn = { event: 'session.started', outcome: 'success', kind: 'sign_in' } as const
  ofKind(
    (await store.activity?.append([{ ...signIn, tag: kept.tag, at: START }], BOUNDS, START)) ?? {
      kind: 'none',
    },
    'appended',
  )
  ofKind(await store.sessions.rotate(rotation(session)), 'rotated')
  const [key = ''] = await admin.keys(`*:u:${kept.tag}`)
  expect(await admin.pttl(key)).toBeGreaterThan(29 * DAY)

  // Without one the record goes with the session.
  const unseen = await opened(store, opening(other))
  ofKind(await store.sessions.rotate(rotation(unseen)), 'rotated')
  const [otherKey = ''] = await admin.keys(`*:u:${other.tag}`)
  expect(await admin.pttl(otherKey)).toBeLessThanOrEqual(LIFETIMES.idleMs)
  await store.close()
  admin.disconnect()
  await redis.stop()
})
