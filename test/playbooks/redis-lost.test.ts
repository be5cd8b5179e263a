import { readFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RECOVERED_WITHIN_MS, REFUSED_WITHIN_MS, until } from '../faults/system.ts'
import { redisClient } from '../support/redis-client.ts'
import { openPlaybook } from './page.ts'
import { answersNow, answersTo, nodeAt, REFUSED, refreshed, SERVED, signIn } from './people.ts'
import { PLAY_MS, type Stage, startStage } from './stage.ts'

interface Copied {
  readonly key: Buffer
  readonly value: Buffer
  readonly ttlMs: number
}

/** A backup of a whole Redis. */
async function copyOf(redis: Redis): Promise<readonly Copied[]> {
  const keys = await redis.keysBuffer('*')
  return Promise.all(
    keys.map(async (key) => ({
      key,
      value: (await redis.dumpBuffer(key)) ?? Buffer.alloc(0),
      ttlMs: Math.max(0, await redis.pttl(key)),
    })),
  )
}

async function restore(redis: Redis, copy: readonly Copied[]): Promise<void> {
  await redis.flushall()
  for (const { key, value, ttlMs } of copy) await redis.restore(key, ttlMs, value)
}

async function untilReady(stage: Stage): Promise<void> {
  for (const node of stage.nodes) {
    const ready = await until(
      () => node.call('GET', '/readyz'),
      ({ status }) => status === 200,
      RECOVERED_WITHIN_MS,
    )
    expect(ready.status).toBe(200)
  }
}

/** Servers put back what they know within seconds, as the page says: its command is typed after that. */
async function untilPutBack({ environment }: Stage): Promise<void> {
  const trail = await until(
    () => readFile(environment.AUDIT_FILE, 'utf8'),
    (text) => text.includes('revocations_put_back'),
    RECOVERED_WITHIN_MS,
  )
  expect(trail).toContain('revocations_put_back')
}

const book = openPlaybook('playbook-redis-lost.md')

describe('Redis', () => {
  test(
    'is away, and comes back empty',
    async () => {
      const stage = await startStage()
      onTestFinished(() => stage.close())
      const alice = await signIn(stage, 'alice')
      const bob = await signIn(stage, 'bob', 1)
      expect((await nodeAt(stage, 2).logout({ cookie: bob.cookie })).status).toBe(204)
      expect(await answersTo(stage, bob)).toEqual(REFUSED)

      stage.redis.kill()
      const away = await stage.type(
        'for server in $SERVERS; do curl -s -o /dev/null -w "%{http_code} " "$server/readyz"; done',
      )
      expect(away.stdout).toBe('503 503 503 ')
      expect(await refreshed(stage, alice)).toBe(503)
      await stage.redis.restartEmpty()
      await book.play('Away', stage)
      await book.play('First', stage)
      expect(await answersNow(stage, alice)).toEqual(SERVED)
      expect(await answersNow(stage, bob)).toEqual(REFUSED)
      expect(await refreshed(stage, alice)).toBe(401)
      await untilPutBack(stage)
      await book.play('Empty', stage)
      expect(await answersNow(stage, await signIn(stage, 'alice'))).toEqual(SERVED)
      await book.play('See that it worked', stage)
    },
    PLAY_MS,
  )

  test(
    'is back from an old backup',
    async () => {
      const stage = await startStage()
      onTestFinished(() => stage.close())
      const admin = redisClient(stage.redis)
      onTestFinished(() => admin.disconnect())
      const alice = await signIn(stage, 'alice')
      const carol = await signIn(stage, 'admin', 1)
      const copy = await copyOf(admin)
      const COPIED_AT = new Date().toISOString()
      const bob = await signIn(stage, 'bob', 1)
      for (const one of [carol, bob])
        expect((await nodeAt(stage, 2).logout({ cookie: one.cookie })).status).toBe(204)
      expect(await answersTo(stage, carol)).toEqual(REFUSED)
      await restore(admin, copy)
      await untilReady(stage)

      // What a running server saw revoked stays so.
      const back = await until(
        () => nodeAt(stage, 0).refresh(carol.cookie),
        ({ status }) => status === 401,
        REFUSED_WITHIN_MS,
      )
      expect(back.status).toBe(401)
      await book.play('Back from an old backup', stage, { COPIED_AT })
      expect(await answersTo(stage, alice)).toEqual(REFUSED)
      expect(await refreshed(stage, alice)).toBe(401)
      await book.play('See that it worked', stage)
      expect(await answersNow(stage, await signIn(stage, 'bob'))).toEqual(SERVED)
    },
    PLAY_MS,
  )

  test('had every command of its page played', () => {
    expect(book.unplayed()).toEqual([])
  })
})
