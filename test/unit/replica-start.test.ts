import type { Revocation } from '@sallyport/core'
import { tagOf } from '@sallyport/core/store'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { type ScriptedRevocations, scriptedRevocations } from './scripted-revocations.ts'

const revocation: Revocation = { kind: 'token', jti: '0a' }
const token = {
  own: true,
  session: 'one',
  generation: 1,
  tag: tagOf('alice'),
  jti: '0a',
  kid: 'key',
  issuedAt: 0,
}

const clock = turnedClock()
let store: ScriptedRevocations
let replica: Replica
let hasStarted: boolean

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  store = scriptedRevocations()
  hasStarted = false
  replica = createReplica(store, { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: 800 }, clock, {
    onRevoked: () => {},
    onForgotten: () => {},
    onTime: () => {},
    onAnnounced: () => {},
    storeTime: () => Number.MAX_SAFE_INTEGER,
    putBackOthers: async () => true,
  })
})
afterEach(() => {
  replica.close()
  vi.useRealTimers()
})

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    clock.turn(100)
    await vi.advanceTimersByTimeAsync(100)
    // What is put back goes in steps, between which the event loop turns.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
function begin(): void {
  void replica.start().then(() => {
    hasStarted = true
  })
}

test('a start beside a store that others are about to put back into waits for them', async () => {
  store.unsettled = true
  begin()
  await pass(1500)
  expect(hasStarted).toBe(false)
  store.feed(revocation)
  store.unsettled = false
  await pass(200)
  expect(hasStarted).toBe(true)
  expect(replica.judge(token)).toBe('revoked')
})

test('it does not wait for ever', async () => {
  store.unsettled = true
  begin()
  await pass(61_000)
  expect(hasStarted).toBe(true)
})

test('a start beside a store that is away does not wait', async () => {
  store.away.add('pull')
  begin()
  await pass(100)
  expect(hasStarted).toBe(true)
  expect(replica.isFresh()).toBe(false)
})

test('a store that loses everything between two pages of the first reading gets back what was read', async () => {
  store.pageSize = 1
  store.feed(revocation)
  store.feed({ kind: 'token', jti: '0b' })
  const pull = store.pull
  store.pull = async (...given) => {
    const outcome = await pull(...given)
    if (given[0] === 0 && given[1] === 0) {
      store.forget(0)
      store.pull = pull
    }
    return outcome
  }
  begin()
  await pass(100)
  expect(store.asserted).toEqual([{ shard: 0, texts: ['j:0a'] }])
})
