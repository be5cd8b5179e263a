import { randomUUID } from 'node:crypto'
import { createSallyport, memoryStore, type Sallyport, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { type Store, tagOf } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { viewOf } from './view.ts'

/** More than a client of Redis may have waiting at once. */
const MANY = 12_000

let redis: RedisServer
let sallyport: Sallyport
beforeAll(async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  redis = await startRedis()
})
afterEach(() => sallyport.close())
afterAll(async () => {
  vi.restoreAllMocks()
  await redis.stop()
})

/** A store that does not answer for some. */
function absentFor(names: ReadonlySet<string>, driver: StoreDriver = memoryStore()): StoreDriver {
  const without = (store: Store): Store => ({
    ...store,
    sessions: {
      ...store.sessions,
      end: (ending) => (names.has(ending.id) ? UNAVAILABLE : store.sessions.end(ending)),
      endSubject: (ending) => (names.has(ending.tag) ? UNAVAILABLE : store.sessions.endSubject(ending)),
    },
  })
  return { ...driver, open: async (context) => without(await driver.open(context)) }
}
const UNAVAILABLE = Promise.resolve({ kind: 'unavailable' } as const)

async function signIn(subject: string): Promise<string> {
  const started = await gateOf(sallyport).sessions.start(viewOf({}), { subject })
  const [, payload = ''] = started.accessToken.split('.')
  return String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sid)
}

describe('sessions.revoke of many', () => {
  test('ends those that are there, each once, and tells each', async () => {
    sallyport = await createSallyport()
    const ended: unknown[] = []
    sallyport.on('event', ({ event, sid, reason }) => event === 'session.ended' && ended.push([sid, reason]))
    const sids = await Promise.all(Array.from({ length: 500 }, (_, index) => signIn(`user-${index % 7}`)))
    const [first = ''] = sids
    const result = await sallyport.sessions.revoke([...sids, first, 'unknown'], { reason: 'breach' })
    expect(result).toEqual({ ended: sids, failed: [] })
    expect(ended).toEqual(sids.map((sid) => [sid, 'breach']))
    expect(await sallyport.sessions.list('user-0')).toEqual([])
  })

  test('takes more than a store would take at once, on Redis', async () => {
    sallyport = await createSallyport({
      secret: randomUUID().repeat(2),
      store: redisStore({ url: redis.url, commandTimeoutMs: 10_000 }),
    })
    const sids = [await signIn('user-1'), await signIn('user-2')]
    const strangers = Array.from({ length: MANY }, () => randomUUID())
    const [one = '', other = ''] = sids
    const result = await sallyport.sessions.revoke([one, ...strangers, other])
    expect(result).toEqual({ ended: sids, failed: [] })
  })

  test('names those for which the store did not answer, and ends the others', async () => {
    const away = new Set<string>()
    sallyport = await createSallyport({ store: absentFor(away) })
    const [one, two, three] = [await signIn('a'), await signIn('b'), await signIn('c')]
    away.add(two)
    expect(await sallyport.sessions.revoke([one, two, three])).toEqual({ ended: [one, three], failed: [two] })
    away.clear()
    expect(await sallyport.sessions.revoke([two])).toEqual({ ended: [two], failed: [] })
  })

  test.each([
    ['an empty id', ['good', '']],
    ['a number', ['good', 5]],
    ['an object', { 0: 'good' }],
  ])('refuses %s before anything ends', async (_what, given) => {
    sallyport = await createSallyport()
    const sid = await signIn('a')
    await expect(sallyport.sessions.revoke(given as string[])).rejects.toThrow(TypeError)
    expect(await sallyport.sessions.list('a')).toMatchObject([{ id: sid }])
  })
})

describe('sessions.revokeUsers', () => {
  test('ends all sessions of all of them, and names those for whom the store did not answer', async () => {
    const away = new Set<string>([tagOf('user-3')])
    sallyport = await createSallyport({ store: absentFor(away) })
    const users = Array.from({ length: 300 }, (_, index) => `user-${index}`)
    const sids = await Promise.all(users.flatMap((user) => [signIn(user), signIn(user)]))
    const { ended, failed } = await sallyport.sessions.revokeUsers([...users, 'user-7', 'nobody'])
    expect(failed).toEqual(['user-3'])
    expect(ended).toHaveLength(sids.length - 2)
    expect(await sallyport.sessions.list('user-3')).toHaveLength(2)
    expect(await sallyport.sessions.list('user-7')).toEqual([])
  })
})
