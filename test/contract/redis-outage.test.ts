import { randomBytes } from 'node:crypto'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { isRevoked, ofKind, rotation, SECOND, START } from './fixtures.ts'
import { allAnswer, answers, askings, type Cast, castOf, WELL } from './redis-steps.ts'

/** The command time-out is a second by default. */
const TIMED_OUT_MS = 1300
const AT_ONCE_MS = 300
const BACK_WITHIN_MS = 5000

const writing = askings.filter((asking) => asking.writes)
/** A dead port of this machine, so that a replica of it never gets anything. */
const NOWHERE = ['127.0.0.1', '1'] as const

let redis: RedisServer
let admin: Redis
let store: Store
let cast: Cast
const notices: string[] = []

beforeEach(async () => {
  notices.length = 0
  redis = await startRedis()
  admin = redisClient(redis)
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>app-password', '~*', '&*', '+@all')
  const url = redis.url.replace('redis://', 'redis://app:app-password@')
  const driver = redisStore({ url, time: 'caller' })
  // What a look at the server said at start is not about its answers.
  store = await driver.open({ ...storeContext, notice: (message) => notices.push(message) })
  notices.length = 0
  cast = await castOf(store)
})
afterEach(async () => {
  await store.close()
  admin.disconnect()
  await redis.stop()
})

async function timed<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const from = performance.now()
  const value = await run()
  return { value, ms: performance.now() - from }
}

/** The end of an outage is told once nothing failed for a while. */
const isToldAs = (told: readonly unknown[]) =>
  vi.waitFor(async () => {
    await answers(store, cast)
    expect(notices).toEqual(told)
  }, BACK_WITHIN_MS)
const isBack = () => vi.waitFor(async () => expect(await store.ping()).toBe(true), BACK_WITHIN_MS)

test('while all is well nothing is noticed', async () => {
  expect(await answers(store, cast)).toEqual(WELL)
  expect(notices).toEqual([])
})

describe('a Redis that is gone', () => {
  test('is told of once when it goes, and once when it is back', async () => {
    redis.kill()
    await vi.waitFor(async () => expect(await store.ping()).toBe(false), AT_ONCE_MS)
    // A process that is being killed may still have taken the connection, and reset it.
    const away = expect.stringMatching(
      `^Redis at redis://127.0.0.1:${redis.port} is away \\(ECONN(REFUSED|RESET)\\): `,
    )
    await isToldAs([away])
    for (let time = 0; time < 3; time++) await answers(store, cast)
    expect(notices).toEqual([away])
    await redis.restartEmpty()
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>app-password', '~*', '&*', '+@all')
    await isToldAs([away, 'Redis serves again'])
    await answers(store, cast)
    expect(notices).toHaveLength(2)
    expect(notices.join()).not.toContain('app-password')
  })

  test('is unavailable to every step, at once, and is there again when it is started again', async () => {
    redis.kill()
    await vi.waitFor(async () => expect(await store.ping()).toBe(false), AT_ONCE_MS)
    for (let time = 0; time < 2; time++) {
      const { value, ms } = await timed(() => answers(store, cast))
      expect(value).toEqual(allAnswer('unavailable'))
      expect(ms).toBeLessThan(AT_ONCE_MS)
    }
    store.sessions.confirm({ id: cast.toRotate.id, generation: 1 })

    await redis.restartEmpty()
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>app-password', '~*', '&*', '+@all')
    await isBack()
    expect(await answers(store, await castOf(store))).toEqual(WELL)
  })

  test('that came back empty knows nobody, and says so by a new epoch', async () => {
    const before = ofKind(await store.revocations.pull(0, 0), 'pulled')
    await redis.restartEmpty()
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>app-password', '~*', '&*', '+@all')
    await isBack()
    const after = ofKind(await store.revocations.pull(0, before.position), 'pulled')
    expect(after.mark.epoch).not.toBe(before.mark.epoch)
    expect(await store.sessions.rotate(rotation(cast.toRotate))).toEqual({ kind: 'unknown' })
  })

  test('announces news again when it is back', async () => {
    const heard = vi.fn()
    store.revocations.onNews(heard)
    await redis.restartEmpty()
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>app-password', '~*', '&*', '+@all')
    await vi.waitFor(async () => {
      await store.revocations.revoke({ kind: 'token', jti: randomBytes(8).toString('hex') }, START)
      expect(heard).toHaveBeenCalled()
    }, BACK_WITHIN_MS)
  })
})

test('a connection that is lost and made again at once is no outage', async () => {
  for (let time = 0; time < 3; time++) {
    await admin.call('CLIENT', 'KILL', 'USER', 'app')
    await isBack()
  }
  expect(notices).toEqual([])
})

describe('a Redis that hangs', () => {
  test('is told of once when it goes, and once when it is back', async () => {
    redis.kill('SIGSTOP')
    for (let time = 0; time < 2; time++) await answers(store, cast)
    const away = expect.stringContaining('is away (no answer within 1000 ms): ')
    expect(notices).toEqual([away])
    redis.kill('SIGCONT')
    await isToldAs([away, 'Redis serves again'])
  })

  test('is unavailable to every step when the time-out is over, and goes on by itself', async () => {
    redis.kill('SIGSTOP')
    const { value, ms } = await timed(() => answers(store, cast))
    expect(value).toEqual(allAnswer('unavailable'))
    expect(ms).toBeLessThan(TIMED_OUT_MS)
    expect((await timed(() => store.ping())).ms).toBeLessThan(TIMED_OUT_MS)
    redis.kill('SIGCONT')
    await isBack()
    // What was asked meanwhile may have been done, so it is asked again.
    const again = rotation(cast.toRotate, { at: START + 2 * SECOND })
    expect(['rotated', 'converged']).toContain((await store.sessions.rotate(again)).kind)
    expect(await answers(store, await castOf(store))).toEqual(WELL)
  })

  test('and goes on to hang is waited for by one question at a time; the others are answered at once', async () => {
    const hasty = await redisStore({
      url: redis.url.replace('//', '//app:app-password@'),
      commandTimeoutMs: 400,
    }).open({
      ...storeContext,
      notice: () => {},
    })
    redis.kill('SIGSTOP')
    await answers(hasty, cast)
    const asked = await Promise.all(askings.map(({ run }) => timed(() => run(hasty, cast))))
    redis.kill('SIGCONT')
    expect(asked.map(({ value }) => value.kind)).toEqual(askings.map(() => 'unavailable'))
    expect(asked.filter(({ ms }) => ms >= 300).length).toBeLessThanOrEqual(1)
    await hasty.close()
  })

  test('takes as long to give up as it was told', async () => {
    const hasty = await redisStore({ client: admin, commandTimeoutMs: 100 }).open(storeContext)
    redis.kill('SIGSTOP')
    const { value, ms } = await timed(() => hasty.ping())
    expect(value).toBe(false)
    expect(ms).toBeLessThan(AT_ONCE_MS)
    redis.kill('SIGCONT')
    await hasty.close()
  })
})

describe('a Redis that answers with a refusal counts as away, and what was asked can be repeated', () => {
  async function isAwayFor(ms: number): Promise<void> {
    const away = await timed(() => answers(store, cast, writing))
    expect(away.value).toEqual(allAnswer('unavailable', writing))
    expect(away.ms).toBeLessThan(ms)
  }

  test('out of memory', async () => {
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    await admin.config('SET', 'maxmemory', '1mb')
    await isAwayFor(AT_ONCE_MS)
    await admin.config('SET', 'maxmemory', '0')
    expect(await answers(store, cast)).toEqual(WELL)
    expect(notices).toEqual([expect.stringContaining('OOM')])
    await isToldAs([expect.stringContaining('OOM'), 'Redis serves again'])
  })

  test('another password: it is told of with the code, and nothing of the password', async () => {
    await admin.call('ACL', 'SETUSER', 'app', 'resetpass', '>other-password')
    await admin.call('CLIENT', 'KILL', 'USER', 'app')
    await vi.waitFor(async () => {
      expect(await store.ping()).toBe(false)
      expect(notices).toHaveLength(1)
    }, BACK_WITHIN_MS)
    await admin.call('ACL', 'SETUSER', 'app', '>app-password')
    await isToldAs([expect.stringContaining('is away'), 'Redis serves again'])
    expect(notices.join()).not.toContain('password')
  })

  test('read-only, as a replica', async () => {
    await admin.config('SET', 'replica-read-only', 'yes')
    await admin.replicaof(...NOWHERE)
    await isAwayFor(AT_ONCE_MS)
    await admin.replicaof('NO', 'ONE')
    await isBack()
    expect(await answers(store, cast)).toEqual(WELL)
    expect(notices).toEqual([expect.stringContaining('READONLY')])
  })

  test.each([['-@all'], ['-eval', '-evalsha', '-set'], ['resetkeys', '~other:*']])(
    'forbidding every step, by %s',
    async (...rules) => {
      await admin.call('ACL', 'SETUSER', 'app', ...rules)
      await isAwayFor(AT_ONCE_MS)
      await admin.call('ACL', 'SETUSER', 'app', '~*', '+@all')
      expect(await answers(store, cast)).toEqual(WELL)
    },
  )

  test.each(['hset', 'hmget', 'hdel', 'zadd', 'zmscore', 'pttl', 'pexpire'])(
    'forbidding %s: a session that is to end is ended and revoked by the next try',
    async (command) => {
      const { toEnd, subject } = cast
      const end = () => store.sessions.end({ id: toEnd.id, at: START, evenIfAbsent: false })
      await admin.call('ACL', 'SETUSER', 'app', `-${command}`)
      expect(await end()).toEqual({ kind: 'unavailable' })
      await admin.call('ACL', 'SETUSER', 'app', `+${command}`)
      expect(await end()).toEqual({ kind: 'ended', subject: toEnd.subject })
      expect(await isRevoked(store, toEnd.id, subject.tag)).toBe(true)
      expect(await store.sessions.rotate(rotation(toEnd))).toEqual({ kind: 'unknown' })
    },
  )
})
