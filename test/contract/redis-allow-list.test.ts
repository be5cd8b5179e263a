import { createSallyport, type Sallyport } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { refresh, signIn } from '../faults/in-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { viewOf } from '../unit/view.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis?.stop())

const open: Sallyport[] = []
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

/** A process that reads no record twice, so that it has to learn from everything else. */
async function start(recheckSeconds = 3600): Promise<Sallyport> {
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: redisStore({ url: redis.url }),
    allowList: { recheckSeconds },
  })
  open.push(sallyport)
  return sallyport
}

async function statusAt(sallyport: Sallyport, access: string): Promise<number> {
  const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${access}` } })
  const decision = await gateOf(sallyport).verifier()(view)
  return decision.kind === 'refuse' ? decision.answer.status : 200
}

test.each(['flushed', 'restarted empty'])(
  'a store that was %s has no sessions, and that is noticed',
  async (how) => {
    const [one, other] = [await start(), await start()]
    const tokens = [await signIn(one, 'a'), await signIn(one, 'b'), await signIn(other, 'c')]
    for (const { access } of tokens)
      for (const sallyport of [one, other]) expect(await statusAt(sallyport, access)).toBe(200)
    if (how === 'flushed') {
      const client = redisClient(redis)
      await client.flushall()
      client.disconnect()
    } else await redis.restartEmpty()
    for (const { access } of tokens)
      for (const sallyport of [one, other])
        await vi.waitFor(async () => expect(await statusAt(sallyport, access)).toBe(401), 5000)
    for (const { cookie } of tokens) expect(await refresh(other, cookie)).toMatchObject({ status: 401 })
    const again = await signIn(one, 'a')
    for (const sallyport of [one, other]) expect(await statusAt(sallyport, again.access)).toBe(200)
  },
)

test('no token outlives the end of its session, whenever its refresh came', async () => {
  const [one, other] = [await start(), await start()]
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const first = await signIn(one, `racer ${index}`)
      expect(await statusAt(other, first.access)).toBe(200)
      const [next] = await Promise.all([
        refresh(other, first.cookie),
        one.sessions.revokeAll(`racer ${index}`),
      ])
      for (const access of [first.access, next.access].filter(Boolean)) {
        expect(await statusAt(one, access)).toBe(401)
        await vi.waitFor(async () => expect(await statusAt(other, access)).toBe(401), 5000)
      }
    }),
  )
})

test('a damaged record is a 503 for its session alone, and only where it was not known', async () => {
  const [one, other] = [await start(), await start()]
  const [damaged, sound] = [await signIn(one, 'damaged'), await signIn(one, 'sound')]
  const client = redisClient(redis)
  const { sid } = JSON.parse(Buffer.from(damaged.access.split('.')[1] ?? '', 'base64url').toString())
  const [key = ''] = await client.keys(`sp:*:u:${sid.slice(0, 16)}*`)
  for (const field of await client.hkeys(key)) await client.hset(key, field, 'x')
  client.disconnect()
  expect(await statusAt(one, damaged.access)).toBe(200)
  expect(await statusAt(other, damaged.access)).toBe(503)
  expect(await statusAt(other, sound.access)).toBe(200)
})
