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

const SETTINGS: ReplicaSettings = { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: 400 }

const revocation = (jti: string): Revocation => ({ kind: 'token', jti })
const token = (jti: string): TokenIdentity => ({
  own: true,
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
    onTime: () => {},
    onAnnounced: () => {},
    storeTime: () => Number.MAX_SAFE_INTEGER,
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
const heartbeat = (): Promise<void> => pass(SETTINGS.heartbeatMs)
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

  test('looks at the marks of all shards once it is stale, and says whether it could', async () => {
    await loaded()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs + 1)
    expect(await replica.catchUp()).toBe(false)
    store.away.delete('pull')
    store.feed(revocation('1b'))
    store.calls.length = 0
    expect(await replica.catchUp()).toBe(true)
    expect(store.calls).toEqual(['marks', 'pull 1 after 10'])
    expect(replica.isFresh()).toBe(true)
    expect(replica.judge(token('1b'))).toBe('revoked')
  })

  test('does not count what it had asked for long ago', async () => {
    await loaded()
    const release = store.hold()
    await heartbeat()
    await pass(SETTINGS.maxStalenessMs + 1)
    const caughtUp = replica.catchUp()
    release()
    await settled()
    expect(await caughtUp).toBe(true)
    expect(replica.isFresh()).toBe(true)
  })
})

describe('a replica follows', () => {
  test('what is announced at once, and asks for nothing', async () => {
    await loaded()
    for (const jti of ['1b', '1c']) {
      store.feed(revocation(jti))
      store.announce(1)
      expect(replica.judge(token(jti))).toBe('revoked')
    }
    await settled()
    expect(store.calls).toEqual([])
    await heartbeat()
    expect(store.calls).toEqual(['marks'])
  })

  test('by a pull from where it was, in that shard alone, if it missed something before', async () => {
    await loaded()
    for (const jti of ['1b', '1c']) store.feed(revocation(jti))
    store.announce(1)
    expect(replica.judge(token('1c'))).toBe('revoked')
    expect(replica.judge(token('1b'))).toBe('live')
    await settled()
    expect(store.calls).toEqual(['pull 1 after 10'])
    expect(replica.judge(token('1b'))).toBe('revoked')
  })

  test('by a pull what was too much to announce', async () => {
    await loaded()
    for (const jti of ['1b', '1c']) store.feed(revocation(jti))
    store.announce(1, 'change')
    await settled()
    expect(store.calls).toEqual(['pull 1 after 10'])
    expect(replica.judge(token('1b'))).toBe('revoked')
  })

  test('at once all shards when announcements may have been missed', async () => {
    await loaded()
    for (const jti of ['0d', '1b']) store.feed(revocation(jti))
    store.gap()
    await settled()
    expect(store.calls).toEqual(['marks', 'pull 0 after 30', 'pull 1 after 10'])
    for (const jti of ['0d', '1b']) expect(replica.judge(token(jti))).toBe('revoked')
  })

  test('what was lost on the way, within a heartbeat, and pulls no other shard', async () => {
    await loaded()
    store.feed(revocation('1d'))
    await heartbeat()
    expect(replica.judge(token('1d'))).toBe('revoked')
    expect(store.calls).toEqual(['marks', 'pull 1 after 10'])
  })

  test('with one look at the marks a heartbeat while nothing happens', async () => {
    await loaded()
    for (let beat = 0; beat < 10; beat++) await heartbeat()
    expect(store.calls).toEqual(Array.from({ length: 10 }, () => 'marks'))
    expect(replica.isFresh()).toBe(true)
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

  test('a mark that no announcement explains by a pull, although another one has overtaken it', async () => {
    await loaded()
    const marks = store.marks
    store.marks = async () => {
      const outcome = await marks()
      store.feed(revocation('0d'))
      store.announce(0)
      if (outcome.kind === 'unavailable') return outcome
      return {
        kind: 'marks',
        marks: outcome.marks.map((mark) => mark && { ...mark, digest: mark.digest ^ 1n }),
      }
    }
    await heartbeat()
    expect(store.calls).toEqual(['marks', 'pull 0 after 40', 'pull 1 after 10'])
  })

  test('no shard that does not exist', async () => {
    await loaded()
    for (const shard of [2, -1, Number.NaN]) store.announce(shard, 'change')
    await settled()
    expect(store.calls).toEqual([])
  })

  test('many announcements at once by one pull, which reads what came meanwhile', async () => {
    await loaded()
    store.feed(revocation('0d'))
    const release = store.hold()
    for (let time = 0; time < 10; time++) store.announce(0, 'change')
    await settled()
    expect(pulls()).toEqual(['pull 0 after 30'])
    release()
    await settled()
    expect(pulls()).toEqual(['pull 0 after 30'])
    expect(replica.judge(token('0d'))).toBe('revoked')
  })

  test('by announcements again what was revoked after the store had answered a pull', async () => {
    await loaded()
    store.feed(revocation('0d'))
    const pull = store.pull
    store.pull = async (...given) => {
      const outcome = await pull(...given)
      for (const jti of ['0e', '0f']) {
        store.feed(revocation(jti))
        store.announce(0)
      }
      return outcome
    }
    store.announce(0, 'change')
    await settled()
    expect(pulls()).toEqual(['pull 0 after 30'])
    for (const jti of ['0d', '0e', '0f']) expect(replica.judge(token(jti))).toBe('revoked')
    store.pull = pull
    store.feed(revocation('0g'))
    store.announce(0)
    await heartbeat()
    expect(store.calls).toEqual(['pull 0 after 30', 'marks'])
    expect(replica.isFresh()).toBe(true)
  })

  test('a mark that is older than the latest announcement by no pull', async () => {
    await loaded()
    const marks = store.marks
    store.marks = async () => {
      const outcome = await marks()
      store.feed(revocation('0d'))
      store.announce(0)
      return outcome
    }
    await heartbeat()
    store.marks = marks
    await heartbeat()
    expect(store.calls).toEqual(['marks', 'marks'])
    expect(replica.judge(token('0d'))).toBe('revoked')
    expect(replica.isFresh()).toBe(true)
  })

  test('nothing when it is closed, and leaves no timer behind', async () => {
    await loaded()
    expect(vi.getTimerCount()).toBe(1)
    replica.close()
    expect(vi.getTimerCount()).toBe(0)
    await pass(10 * SETTINGS.heartbeatMs)
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
    store.feed(revocation('0z'))
    store.announce(0, 'change')
    await settled()
    expect(replica.isFresh()).toBe(false)
    store.feed(revocation('1z'))
    store.announce(1, 'change')
    await settled()
    expect(replica.isFresh()).toBe(true)
  })

  test('by when it asked, not by when it was answered', async () => {
    await loaded()
    await pass(SETTINGS.maxStalenessMs - SETTINGS.heartbeatMs)
    const release = store.hold()
    await heartbeat()
    clock.turn(SETTINGS.maxStalenessMs)
    release()
    await settled()
    expect(replica.isFresh()).toBe(true)
    clock.turn(1)
    expect(replica.isFresh()).toBe(false)
  })

  test('not alone after a suspension, which only the wall clock shows; and a clock that goes back does no harm', async () => {
    await loaded()
    clock.set(0)
    expect(replica.judge(token('0x'))).toBe('live')
    clock.set(Number.MAX_SAFE_INTEGER / 2)
    expect(await replica.judge(token('0x'))).toBe('live')
    expect(store.calls).toEqual(['check 0x'])
    await heartbeat()
    expect(replica.judge(token('0x'))).toBe('live')
  })

  test('not alone once it has heard nothing for too long, even if the wall clock was set back meanwhile', async () => {
    await loaded()
    const before = clock.now()
    store.away.add('pull')
    await pass(SETTINGS.maxStalenessMs + 1)
    clock.set(before)
    expect(replica.isFresh()).toBe(false)
    expect(await replica.judge(token('0x'))).toBe('live')
    expect(store.calls).toContain('check 0x')
  })

  test('by the time at which somebody has just looked at the token', async () => {
    await loaded()
    const heard = clock.now()
    expect(replica.judge({ ...token('0x'), lookedAt: heard + SETTINGS.maxStalenessMs })).toBe('live')
    expect(await replica.judge({ ...token('0y'), lookedAt: heard + SETTINGS.maxStalenessMs + 1 })).toBe(
      'live',
    )
    expect(store.calls).toEqual(['check 0y'])
  })

  test('a token that it found live anew, once something was revoked', async () => {
    await loaded()
    const judged = token('0d')
    expect(replica.judge(judged)).toBe('live')
    replica.add(revocation('0d'))
    expect(replica.judge(judged)).toBe('revoked')
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
