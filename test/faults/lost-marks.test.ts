import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { settle } from '../support/settle.ts'
import { type Application, openApplication, refresh, signIn } from './in-process.ts'
import { RECOVERED_WITHIN_MS } from './system.ts'

/** What was lost is put back at a heartbeat, which is later than all that a test does before. */
const SYSTEM = { secret: 'c2FsbHlwb3J0IHNhbGx5cG9ydCBzYWxseXBvcnQgISE', keyPrefix: 'sp' }

let redis: RedisServer
let admin: Redis
let apps: readonly [Application, Application]

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  await admin.flushall()
  await settle(redis)
  apps = [await openApplication({ ...SYSTEM, redis }), await openApplication({ ...SYSTEM, redis })]
})
afterEach(() => Promise.all(apps.map((app) => app.close())))

/** The ways in which Redis loses the marks that it was given last. Each gives a function that makes it lose them. */
const losses: readonly { readonly how: string; readonly prepare: () => Promise<() => Promise<unknown>> }[] = [
  { how: 'was emptied', prepare: async () => () => admin.flushall() },
  { how: 'went back to what it was before', prepare: async () => restore(await dump()) },
]

type Dumped = readonly { readonly key: string; readonly value: Buffer }[]

async function dump(): Promise<Dumped> {
  const keys = await admin.keys('*')
  return Promise.all(keys.map(async (key) => ({ key, value: (await admin.dumpBuffer(key)) ?? Buffer.of() })))
}

/** As after a fail-over to a replica that lagged. */
const restore = (dumped: Dumped) => async (): Promise<void> => {
  const transaction = admin.multi().flushall()
  for (const { key, value } of dumped) transaction.restore(key, 3_600_000, value)
  await transaction.exec()
}

/** Revokes on the first process, and makes Redis lose it as soon as the other one has been told. */
async function lost(
  loss: () => Promise<unknown>,
  revoke: (app: Application) => Promise<unknown>,
): Promise<void> {
  const [first, second] = apps
  const told = second.revoked.length
  await revoke(first)
  await vi.waitFor(() => expect(second.revoked.length).toBeGreaterThan(told), { interval: 1 })
  await loss()
}

/** What both processes say of an access token. */
async function verdictsOf(token: string): Promise<readonly string[]> {
  const verdicts = await Promise.all(apps.map((app) => app.tokens.verify(token)))
  return verdicts.map((verdict) => (verdict.kind === 'valid' ? 'valid' : verdict.problem))
}

/** Until what was lost is back. A process that did not look meanwhile does not notice. */
const putBack = (): Promise<void> =>
  vi.waitFor(
    () => {
      const events = apps.flatMap((app) => app.events)
      expect(events).toContainEqual(expect.objectContaining({ reason: 'revocations_put_back' }))
    },
    { timeout: RECOVERED_WITHIN_MS },
  )

const GOOD = ['valid', 'valid']
const REVOKED = ['token_revoked', 'token_revoked']

for (const { how, prepare } of losses) {
  test(`whoever signs in after revokeAll has good tokens on every process, although Redis ${how}`, async () => {
    const before = await signIn(apps[0], 'alice')
    await lost(await prepare(), (app) => app.revokeAll({ reason: 'drill' }))
    const after = await Promise.all(apps.map((app) => signIn(app, 'alice')))
    for (const { access } of after) expect(await verdictsOf(access)).toEqual(GOOD)
    const refreshed = await Promise.all(
      after.map(({ cookie }, index) => refresh(apps[1 - index] ?? apps[0], cookie)),
    )
    for (const { access } of refreshed) expect(await verdictsOf(access)).toEqual(GOOD)
    await putBack()
    expect(await verdictsOf(before.access)).toEqual(REVOKED)
    for (const { access } of [...after, ...refreshed]) expect(await verdictsOf(access)).toEqual(GOOD)
    for (const { cookie } of refreshed) expect((await refresh(apps[0], cookie)).status).toBe(200)
  })

  test(`nobody goes on with a session from before revokeAll, although Redis ${how}`, async () => {
    const [one, two] = [await signIn(apps[0], 'alice'), await signIn(apps[0], 'alice')]
    await lost(await prepare(), (app) => app.revokeAll({ reason: 'drill' }))
    expect((await refresh(apps[1], one.cookie)).status).toBe(401)
    expect((await refresh(apps[0], two.cookie)).status).toBe(401)
  })

  test(`whoever signs in after the end of all sessions has good tokens, although Redis ${how}`, async () => {
    const before = await signIn(apps[0], 'alice')
    await lost(await prepare(), (app) => app.sessions.revokeAll('alice'))
    const after = await signIn(apps[1], 'alice')
    expect(await verdictsOf(after.access)).toEqual(GOOD)
    await putBack()
    expect(await verdictsOf(before.access)).toEqual(REVOKED)
    expect(await verdictsOf(after.access)).toEqual(GOOD)
  })

  test(`a second renewal refuses the tokens that the first one put off, although Redis ${how}`, async () => {
    await lost(await prepare(), (app) => app.tokens.revokeAll('alice'))
    const between = await signIn(apps[1], 'alice')
    expect(await verdictsOf(between.access)).toEqual(GOOD)
    await apps[1].tokens.revokeAll('alice')
    await putBack()
    expect(await verdictsOf(between.access)).toEqual(REVOKED)
  })
}

test('a session whose tokens are renewed gets good ones, although Redis went back to what it was before', async () => {
  const { access, cookie } = await signIn(apps[0], 'alice')
  await lost(restore(await dump()), (app) => app.tokens.revokeAll('alice'))
  const refreshed = await refresh(apps[1], cookie)
  expect(await verdictsOf(refreshed.access)).toEqual(GOOD)
  expect(await verdictsOf(access)).toEqual(REVOKED)
  await putBack()
  expect(await verdictsOf(refreshed.access)).toEqual(GOOD)
})
