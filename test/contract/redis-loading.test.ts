import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { answers, castOf, WELL } from './redis-steps.ts'

const BACK_WITHIN_MS = 10_000
/** It loads a key in this many microseconds, and answers in between. All of them would take a minute. */
const SLOWLY = ['--key-load-delay', '200000', '--loading-process-events-interval-bytes', '1024']
const KEYS = 300

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-saved-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a store can be opened while Redis still loads what it had saved, and serves when it is through', async () => {
  const before = await startRedis({ args: ['--dir', folder] })
  const admin = redisClient(before)
  for (let key = 0; key < KEYS; key++) await admin.set(`other:${key}`, randomBytes(4096))
  await admin.save()
  await before.stop()

  const starting = startRedis({ port: before.port, args: ['--dir', folder, ...SLOWLY] })
  const watch = admin.duplicate({ enableReadyCheck: false })
  watch.on('error', () => {})
  await vi.waitFor(() => expect(watch.ping()).rejects.toThrow('LOADING'), BACK_WITHIN_MS)
  try {
    const store = await redisStore({ url: before.url, time: 'caller' }).open(storeContext)
    expect(await store.ping()).toBe(false)
    await watch.config('SET', 'key-load-delay', '0')
    await vi.waitFor(async () => expect(await store.ping()).toBe(true), BACK_WITHIN_MS)
    expect(await answers(store, await castOf(store))).toEqual(WELL)
    await store.close()
  } finally {
    admin.disconnect()
    watch.disconnect()
    await (await starting).stop()
  }
})
