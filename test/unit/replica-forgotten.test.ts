import type { Revocation } from '@sallyport/core'
import { tagOf } from '@sallyport/core/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { type ScriptedRevocations, scriptedRevocations } from './scripted-revocations.ts'

const HEARTBEAT_MS = 400

/** What is put back goes in steps, between which the event loop turns. */
async function breathed(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

let store: ScriptedRevocations
let replica: Replica
/** What happened, in order. */
let story: string[]
/** Whether what else there is, keys above all, could be put back too. */
let putBack: boolean

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  store = scriptedRevocations()
  story = []
  putBack = true
  const assert = store.assert
  store.assert = (shard, ...rest) => {
    story.push(`put back into ${shard}`)
    return assert(shard, ...rest)
  }
  for (const jti of ['0a', '1a']) store.feed({ kind: 'token', jti })
  replica = createReplica(
    store,
    { mode: 'replicated', maxStalenessMs: HEARTBEAT_MS, heartbeatMs: HEARTBEAT_MS },
    clock,
    {
      onRevoked: () => {},
      onForgotten: () => {},
      onTime: () => {},
      onAnnounced: () => {},
      storeTime: () => Number.MAX_SAFE_INTEGER,
      putBackOthers: async (shard) => {
        story.push(`forgotten by ${shard}`)
        return putBack
      },
    },
  )
  await replica.start()
})
afterEach(() => {
  replica.close()
  vi.useRealTimers()
})

const clock = turnedClock()
async function heartbeat(): Promise<void> {
  clock.turn(HEARTBEAT_MS)
  await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
  await breathed()
}

test('a store that forgot is noticed though nothing was revoked, since it forgot the keys as well', async () => {
  store.forget(1)
  await heartbeat()
  expect(story).toEqual(['put back into 1', 'forgotten by 1'])
  await heartbeat()
  expect(story).toHaveLength(2)
})

test('what else is known of a shard that forgot counts no longer, then and when all is back', async () => {
  const losses = () => [replica.losses(0), replica.losses(1)]
  expect(losses()).toEqual([0, 0])
  putBack = false
  store.forget(1)
  await heartbeat()
  expect(losses()).toEqual([0, 1])
  putBack = true
  await heartbeat()
  expect(losses()).toEqual([0, 2])
  await heartbeat()
  expect(losses()).toEqual([0, 2])
})

test('until all is put back the copy does not count as fresh, and it is tried again', async () => {
  putBack = false
  store.forget(0)
  await heartbeat()
  await heartbeat()
  expect(replica.isFresh()).toBe(false)
  expect(story).toEqual(['put back into 0', 'forgotten by 0', 'forgotten by 0'])
  putBack = true
  await heartbeat()
  await heartbeat()
  expect(replica.isFresh()).toBe(true)
  expect(story).toHaveLength(4)
})

test('what was fed in the meantime is known for all that', async () => {
  putBack = false
  store.forget(0)
  const revocation: Revocation = { kind: 'token', jti: '0new' }
  store.feed(revocation)
  await heartbeat()
  const token = {
    own: true,
    session: 'one',
    generation: 1,
    tag: tagOf('alice'),
    jti: '0new',
    kid: 'key',
    issuedAt: 0,
  }
  expect(replica.knowsRevoked(token)).toBe(true)
  putBack = true
  store.feed({ kind: 'token', jti: '0newer' })
  await heartbeat()
  expect(replica.judge({ ...token, jti: '0newer' })).toBe('revoked')
})
