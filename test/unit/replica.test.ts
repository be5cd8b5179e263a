import type { Revocation } from '@sallyport/core'
import type { TokenIdentity } from '@sallyport/core/store'
import { tagOf } from '@sallyport/core/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createReplica,
  type Replica,
  type ReplicaSettings,
} from '../../packages/core/src/revocation/replica.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type ScriptedRevocations, scriptedRevocations } from './scripted-revocations.ts'

const SETTINGS: ReplicaSettings = { mode: 'replicated', maxStalenessMs: 10_000, pullEveryMs: 400 }

const revocation = (jti: string): Revocation => ({ kind: 'token', jti })
const token = (jti: string): TokenIdentity => ({
  session: 'session',
  generation: 1,
  tag: tagOf('alice'),
  jti,
  kid: 'key',
  issuedAt: 0,
})

let clock: TurnedClock
let store: ScriptedRevocations
let replica: Replica
let known: Revocation[]
let forgotten: number[]

beforeEach(() => {
  vi.useFakeTimers()
  clock = turnedClock()
  store = scriptedRevocations()
  begin()
})
afterEach(() => {
  replica.close()
  vi.useRealTimers()
})

function begin(settings: Partial<ReplicaSettings> = {}): void {
  known = []
  forgotten = []
  const events = {
    onRevoked: (one: Revocation) => void known.push(one),
    onForgotten: () => {},
    putBackOthers: async (shard: number) => {
      forgotten.push(shard)
      return true
    },
  }
  replica = createReplica(store, { ...SETTINGS, ...settings }, clock, events)
}

/** Lets time pass, on the clock and for the timers. */
async function pass(milliseconds: number): Promise<void> {
  clock.turn(milliseconds)
  await vi.advanceTimersByTimeAsync(milliseconds)
}
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
const heartbeat = (): Promise<void> => pass(SETTINGS.pullEveryMs)
const pulls = (): string[] => store.calls.filter((call) => call.startsWith('pull'))

/** Three revocations in the first shard and one in the second, all known to a replica that has started. */
async function loaded(): Promise<void> {
  for (const jti of ['0a', '0b', '0c', '1a']) store.feed(revocation(jti))
  await replica.start()
  store.calls.length = 0
}

describe('a replica loads', () => {
  test('every shard, page after page, before it is started', async () => {
    store.pageSize = 2
    for (const jti of ['0a', '0b', '0c', '0d', '0e', '1a']) store.feed(revocation(jti))
    await replica.start()
    expect(known.map((one) => one.kind === 'token' && one.jti).sort()).toEqual([
      '0a',
      '0b',
      '0c',
      '0d',
      '0e',
      '1a',
    ])
    expect(pulls().filter((call) => call.startsWith('pull 0'))).toEqual([
      'pull 0 after 0',
      'pull 0 after 20',
      'pull 0 after 40',
    ])
    expect(replica.judge(token('0e'))).toBe('revoked')
    expect(replica.judge(token('1a'))).toBe('revoked')
    expect(replica.judge(token('0f'))).toBe('live')
    expect(forgotten).toEqual([])
  })

  test('what it can, and the rest when the store is there', async () => {
    store.away.add('pull')
    store.feed(revocation('0a'))
    await replica.start()
    expect(replica.isFresh()).toBe(false)
    expect(await replica.judge(token('0a'))).toBe('revoked')
    expect(await replica.judge(token('0b'))).toBe('live')
    store.away.delete('pull')
    await heartbeat()
    expect(replica.isFresh()).toBe(true)
    expect(replica.judge(token('0a'))).toBe('revoked')
    expect(replica.judge(token('0b'))).toBe('live')
  })
})

describe('a replica that catches up', () => {
  test('asks for nothing while it is fresh', async () => {
    await loaded()
    expect(await replica.catchUp()).toBe(true)
    expect(pulls()).toEqual([])
  })

  test('pulls every shard once it is stale, and says whether it could', async () => {
    await loaded()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs + 1)
    expect(await replica.catchUp()).toBe(false)
    store.away.delete('pull')
    store.calls.length = 0
    expect(await replica.catchUp()).toBe(true)
    expect(pulls()).toHaveLength(2)
    expect(replica.isFresh()).toBe(true)
  })

  test('does not count what it had asked for long ago', async () => {
    await loaded()
    const release = store.hold()
    await heartbeat()
    await pass(SETTINGS.maxStalenessMs + 1)
    const caughtUp = replica.catchUp()
    release()
    expect(await caughtUp).toBe(true)
    expect(replica.isFresh()).toBe(true)
  })
})

describe('a replica follows', () => {
  test('news as soon as they are announced, from where it was, in their shard alone', async () => {
    await loaded()
    store.feed(revocation('1b'))
    store.announce(1)
    await settled()
    expect(store.calls).toEqual(['pull 1 after 10'])
    expect(replica.judge(token('1b'))).toBe('revoked')
  })

  test('news whose announcement was lost, within a heartbeat, one shard after the other', async () => {
    await loaded()
    store.feed(revocation('1d'))
    await pass(SETTINGS.pullEveryMs / 2)
    expect(store.calls).toEqual(['pull 0 after 30'])
    expect(replica.judge(token('1d'))).toBe('live')
    await pass(SETTINGS.pullEveryMs / 2)
    expect(replica.judge(token('1d'))).toBe('revoked')
    expect(store.calls).toEqual(['pull 0 after 30', 'pull 1 after 10'])
  })

  test('what this process itself revoked, at once; and tells each revocation once', async () => {
    await loaded()
    known.length = 0
    replica.add(revocation('0d'))
    expect(replica.judge(token('0d'))).toBe('revoked')
    store.feed(revocation('0d'))
    await heartbeat()
    replica.add(revocation('0d'))
    expect(known).toEqual([revocation('0d')])
    expect(forgotten).toEqual([])
  })

  test('no shard that does not exist', async () => {
    await loaded()
    for (const shard of [2, -1, Number.NaN]) store.announce(shard)
    await settled()
    expect(store.calls).toEqual([])
  })

  test('many announcements at once by one pull, and one more for those that came meanwhile', async () => {
    await loaded()
    const release = store.hold()
    for (let time = 0; time < 10; time++) store.announce(0)
    await heartbeat()
    expect(pulls()).toEqual(['pull 0 after 30', 'pull 1 after 10'])
    store.feed(revocation('0d'))
    release()
    await settled()
    expect(pulls()).toEqual(['pull 0 after 30', 'pull 1 after 10', 'pull 0 after 40'])
    expect(replica.judge(token('0d'))).toBe('revoked')
  })

  test('nothing when it is closed, and leaves no timer behind', async () => {
    await loaded()
    expect(vi.getTimerCount()).toBe(1)
    replica.close()
    expect(vi.getTimerCount()).toBe(0)
    await pass(10 * SETTINGS.pullEveryMs)
    expect(store.calls).toEqual([])
  })
})

describe('a replica judges', () => {
  test('alone, as long as it heard of every shard lately enough', async () => {
    await loaded()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs)
    store.calls.length = 0
    expect(replica.isFresh()).toBe(true)
    expect(replica.judge(token('0x'))).toBe('live')
    expect(store.calls).toEqual([])
    clock.turn(1)
    expect(replica.isFresh()).toBe(false)
    expect(await replica.judge(token('0x'))).toBe('live')
    expect(store.calls).toEqual(['check 0x'])
  })

  test('by what the store says when it is stale, and not at all when that is away too', async () => {
    await loaded()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs + 1)
    store.feed(revocation('0d'))
    expect(await replica.judge(token('0d'))).toBe('revoked')
    expect(await replica.judge(token('0x'))).toBe('live')
    store.away.add('check')
    expect(await replica.judge(token('0d'))).toBe('unavailable')
    expect(await replica.judge(token('0x'))).toBe('unavailable')
  })

  test('what it knows to be revoked alone, however stale it is', async () => {
    await loaded()
    store.away.add('pull').add('check')
    await pass(SETTINGS.maxStalenessMs * 100)
    expect(replica.judge(token('0a'))).toBe('revoked')
  })

  test('by the stalest of its shards', async () => {
    await loaded()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs + 1)
    store.away.delete('pull')
    store.announce(0)
    await settled()
    expect(replica.isFresh()).toBe(false)
    store.announce(1)
    await settled()
    expect(replica.isFresh()).toBe(true)
  })

  test('by when it asked, not by when it was answered', async () => {
    await loaded()
    await pass(SETTINGS.maxStalenessMs - SETTINGS.pullEveryMs)
    const release = store.hold()
    await heartbeat()
    clock.turn(SETTINGS.maxStalenessMs)
    release()
    await settled()
    expect(replica.isFresh()).toBe(true)
    clock.turn(1)
    expect(replica.isFresh()).toBe(false)
  })

  test('by time that passed, whatever the wall clock says', async () => {
    await loaded()
    clock.set(0)
    expect(replica.judge(token('0x'))).toBe('live')
    clock.set(Number.MAX_SAFE_INTEGER / 2)
    expect(replica.judge(token('0x'))).toBe('live')
  })

  test('strictly, by asking the store about every token that it does not know to be revoked', async () => {
    begin({ mode: 'strict' })
    await loaded()
    expect(replica.isFresh()).toBe(true)
    for (let time = 0; time < 2; time++) expect(await replica.judge(token('0x'))).toBe('live')
    expect(store.calls).toEqual(['check 0x', 'check 0x'])
    store.away.add('check')
    expect(await replica.judge(token('0x'))).toBe('unavailable')
    expect(await replica.judge(token('0a'))).toBe('revoked')
  })
})
