import type { Revocation } from '@sallyport/core'
import { encodeRevocation, type TokenIdentity, tagOf } from '@sallyport/core/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type ScriptedRevocations, scriptedRevocations } from './scripted-revocations.ts'

const HEARTBEAT_MS = 400

const revocation = (jti: string): Revocation => ({ kind: 'token', jti })
const texts = (...jtis: readonly string[]): string[] => jtis.map((jti) => encodeRevocation(revocation(jti)))
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
/** What is put back goes in steps, between which the event loop turns. */
async function breathed(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

let store: ScriptedRevocations
let replica: Replica
let known: Revocation[]
let forgotten: number[]
let areOthersBack: boolean

/** Three revocations in the first shard and one in the second, all known to a replica that has started. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  clock = turnedClock()
  store = scriptedRevocations()
  known = []
  forgotten = []
  areOthersBack = true
  replica = createReplica(
    store,
    { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: HEARTBEAT_MS },
    clock,
    {
      onRevoked: (one) => void known.push(one),
      onForgotten: () => {},
      onTime: () => {},
      onAnnounced: () => {},
      storeTime: () => Number.MAX_SAFE_INTEGER,
      putBackOthers: async (shard) => {
        forgotten.push(shard)
        return areOthersBack
      },
    },
  )
  for (const jti of ['0a', '0b', '0c', '1a']) store.feed(revocation(jti))
  await replica.start()
  store.calls.length = 0
  known.length = 0
})
afterEach(() => {
  replica.close()
  vi.useRealTimers()
})

async function heartbeats(count = 1): Promise<void> {
  for (let beat = 0; beat < count; beat++) {
    clock.turn(HEARTBEAT_MS)
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    await breathed()
  }
}
const callsOf = (shard: number): string[] =>
  store.calls.filter((call) => new RegExp(`^\\w+ ${shard}`).test(call))

/** What the first shard holds now. */
const held = (): string[] =>
  (store.feeds[0]?.entries ?? []).map((entry) => encodeRevocation(entry.revocation)).sort()

describe('a store that lost', () => {
  const losses: readonly {
    readonly what: string
    lose(): void
    readonly back: readonly string[]
  }[] = [
    {
      what: 'everything',
      lose: () => store.forget(0),
      back: ['0a', '0b', '0c'],
    },
    {
      what: 'its order, and got an entry in a place that was read already,',
      lose() {
        const [feed] = store.feeds
        feed?.entries.unshift({ revocation: revocation('0x'), position: 5 })
        if (feed !== undefined) feed.digest ^= 1n
      },
      back: [],
    },
    {
      what: 'everything, and was written as much to since',
      lose() {
        store.forget(0)
        for (const jti of ['0x', '0y', '0z']) store.feed(revocation(jti))
      },
      back: ['0a', '0b', '0c'],
    },
    {
      what: 'everything, and was written more to since than it had held',
      lose() {
        store.forget(0)
        for (const jti of ['0v', '0w', '0x', '0y', '0z']) store.feed(revocation(jti))
      },
      back: ['0a', '0b', '0c'],
    },
    {
      what: 'the latest entries',
      lose: () => store.rollBack(0, 2),
      back: ['0b', '0c'],
    },
    {
      what: 'the latest entry, and got as many new ones behind it',
      lose() {
        store.rollBack(0, 1)
        const feed = store.feeds[0]
        if (feed !== undefined) feed.position += 100
        store.feed(revocation('0x'))
      },
      back: ['0c'],
    },
    {
      what: 'the latest entry, and got as many new ones in its place',
      lose() {
        store.rollBack(0, 1)
        const feed = store.feeds[0]
        if (feed !== undefined) feed.position -= 5
        store.feed(revocation('0x'))
      },
      back: ['0c'],
    },
  ]

  for (const { what, lose, back } of losses)
    test(`${what} is read anew, and gets back what it lacks of all that is known of that shard`, async () => {
      lose()
      const others = held()
      await heartbeats()
      const isBack = back.length > 0
      expect(store.asserted).toEqual(isBack ? [{ shard: 0, texts: texts(...back) }] : [])
      expect(callsOf(0).slice(0, 4)).toEqual([
        'pull 0 after 30',
        'claim 0',
        'pull 0 after 0',
        ...(isBack ? ['claim 0'] : []),
      ])
      expect(held()).toEqual([...new Set([...others, ...texts('0a', '0b', '0c')])].sort())
      expect(forgotten).toEqual([0])
      for (const text of held()) expect(replica.judge(token(text.slice(2)))).toBe('revoked')
      expect(replica.isFresh()).toBe(true)
    })

  test('everything gets back what this process itself revoked, too', async () => {
    replica.add(revocation('0own'))
    store.forget(0)
    await heartbeats()
    expect(store.asserted).toEqual([{ shard: 0, texts: texts('0a', '0b', '0c', '0own') }])
  })

  test('everything gets it back once; after that all goes on as before', async () => {
    store.forget(0)
    await heartbeats()
    store.calls.length = 0
    store.feed(revocation('0x'))
    store.announce(0)
    await heartbeats(5)
    expect(store.asserted).toHaveLength(1)
    expect(forgotten).toEqual([0])
    expect(callsOf(0)).toEqual([])
    expect(replica.judge(token('0x'))).toBe('revoked')
  })

  test('everything, twice, gets it back twice', async () => {
    for (let time = 1; time <= 2; time++) {
      store.forget(0)
      await heartbeats(3)
      expect(forgotten).toHaveLength(time)
      expect(held()).toEqual(texts('0a', '0b', '0c'))
    }
  })

  test('everything, and can not take it back yet, is stale until it can', async () => {
    store.forget(0)
    store.away.add('assert')
    await heartbeats(26)
    expect(forgotten).toEqual([])
    expect(replica.isFresh()).toBe(false)
    expect(replica.judge(token('0a'))).toBe('revoked')
    store.away.delete('assert')
    await heartbeats()
    expect(forgotten).toEqual([0])
    expect(held()).toEqual(texts('0a', '0b', '0c'))
    expect(replica.isFresh()).toBe(true)
  })

  test('everything, and goes away while it is read anew, is read from the beginning when it is back', async () => {
    store.forget(0)
    for (const jti of ['0x', '0y', '0z']) store.feed(revocation(jti))
    store.pageSize = 1
    const pull = store.pull
    store.pull = async (...given) => {
      const outcome = await pull(...given)
      if (given[1] === 10) store.away.add('pull')
      return outcome
    }
    await heartbeats()
    expect(replica.judge(token('0z'))).toBe('live')
    expect(store.asserted).toEqual([])
    store.pull = pull
    store.away.delete('pull')
    await heartbeats()
    expect(replica.judge(token('0z'))).toBe('revoked')
    expect(store.asserted).toEqual([{ shard: 0, texts: texts('0a', '0b', '0c') }])
  })

  test('everything, while another process puts it back, gets what that one leaves out', async () => {
    store.busy = true
    store.forget(0)
    await heartbeats(3)
    expect(store.asserted).toEqual([])
    for (const jti of ['0a', '0c']) store.feed(revocation(jti))
    await heartbeats(12)
    // It follows what the other one does, and so knows all that there is.
    expect(replica.isFresh()).toBe(true)
    store.busy = false
    await heartbeats()
    expect(store.asserted).toEqual([{ shard: 0, texts: texts('0b') }])
    expect(forgotten).toEqual([0])
  })

  test('very much gets it back in slices, and one that fails keeps no other from it', async () => {
    const jtis = Array.from({ length: 1000 }, (_, index) => `0:${index}`)
    for (const jti of jtis) replica.add(revocation(jti))
    store.pageSize = 2000
    const assert = store.assert
    let slices = 0
    store.assert = async (...given) => {
      slices++
      return slices === 2 ? { kind: 'unavailable' } : assert(...given)
    }
    store.forget(0)
    await heartbeats()
    expect(slices).toBeGreaterThanOrEqual(4)
    expect(held().length).toBeGreaterThan(700)
    expect(held().length).toBeLessThan(1003)
    expect(forgotten).toEqual([])
    await heartbeats()
    expect(held()).toHaveLength(1003)
    expect(forgotten).toEqual([0])
    // What was back already was not put back again.
    expect(store.asserted.flatMap(({ texts }) => texts)).toHaveLength(1003)
  })

  test('very much, and takes none of it, is not asked again until the next heartbeat', async () => {
    for (let index = 0; index < 1500; index++) replica.add(revocation(`0:${index}`))
    store.pageSize = 2000
    store.away.add('assert')
    store.forget(0)
    store.calls.length = 0
    await heartbeats()
    expect(store.calls.filter((call) => call === 'assert 0')).toHaveLength(3)
    expect(replica.isFresh()).toBe(true)
    await heartbeats(26)
    expect(replica.isFresh()).toBe(false)
  })

  /** A second revocation of the first shard, which a copy of the store that lags does not have. */
  const lagging: readonly { readonly what: string; learn(): Promise<void> }[] = [
    {
      what: 'this process made itself, and whose announcement was lost',
      async learn() {
        store.feed(revocation('0x'))
        replica.add(revocation('0x'))
      },
    },
    {
      what: 'was announced after one whose announcement was lost, and before the next pull',
      async learn() {
        store.feed(revocation('0w'))
        store.feed(revocation('0x'))
        store.away.add('pull')
        store.announce(0)
        await heartbeats()
        store.away.delete('pull')
        store.rollBack(0, 1)
      },
    },
    {
      what: 'was announced during a pull that did not read it',
      async learn() {
        const pull = store.pull
        store.pull = async (...given) => {
          const outcome = await pull(...given)
          if (store.pull !== pull) {
            store.pull = pull
            store.feed(revocation('0w'))
            store.feed(revocation('0x'))
            store.announce(0)
            store.rollBack(0, 2)
          }
          return outcome
        }
        store.feed(revocation('0v'))
        store.announce(0, 'change')
        await breathed()
        store.feed(revocation('0x'))
      },
    },
  ]
  for (const { what, learn } of lagging)
    test(`what ${what} gets it back, though nothing shows that it is missing`, async () => {
      await learn()
      store.rollBack(0, 1)
      await heartbeats(10)
      expect(held()).toContain('j:0x')
      expect(replica.isFresh()).toBe(true)
    })

  test('what was just put back, before that was read, gets it back again', async () => {
    store.rollBack(0, 2)
    const assert = store.assert
    let times = 0
    store.assert = async (...given) => {
      const outcome = await assert(...given)
      times++
      if (times === 1) store.rollBack(0, 2)
      return outcome
    }
    await heartbeats(3)
    expect(held()).toEqual(texts('0a', '0b', '0c'))
    expect(times).toBe(2)
  })

  test('what is announced before the rest could be put back does not count as missing for ever', async () => {
    store.away.add('assert')
    store.forget(0)
    await heartbeats()
    store.feed(revocation('0x'))
    store.announce(0)
    await breathed()
    store.away.delete('assert')
    store.calls.length = 0
    await heartbeats(2)
    expect(held()).toEqual(texts('0a', '0b', '0c', '0x'))
    expect(forgotten).toEqual([0])
    expect(callsOf(0).length).toBeLessThan(20)
  })

  test('a revocation of everything that is dropped meanwhile is not put back for ever', async () => {
    replica.add({ kind: 'all', until: 1000 })
    for (const jti of ['0p', '0q']) {
      clock.turn(16 * 60_000)
      replica.add(revocation(jti))
    }
    areOthersBack = false
    store.forget(0)
    await heartbeats(2)
    expect(held()).toContain('a:1000')
    clock.turn(16 * 60_000)
    replica.add(revocation('0z'))
    areOthersBack = true
    store.calls.length = 0
    await heartbeats(20)
    expect(held()).toContain('j:0z')
    expect(callsOf(0).length).toBeLessThan(40)
  })

  test('a revocation of everything, gets that back even when it is long over', async () => {
    replica.add({ kind: 'all', until: 1000 })
    clock.turn(3 * 3_600_000)
    for (const jti of ['0p', '0q', '0r']) {
      replica.add(revocation(jti))
      clock.turn(3_600_000)
    }
    store.forget(0)
    await heartbeats()
    expect(held()).toContain('a:1000')
  })

  test('several revocations of everything gets the latest back, in whatever order they became known', async () => {
    for (const until of [2000, 3000, 1000]) replica.add({ kind: 'all', until })
    clock.turn(3 * 3_600_000)
    for (const jti of ['0p', '0q', '0r']) {
      replica.add(revocation(jti))
      clock.turn(3_600_000)
    }
    store.forget(0)
    await heartbeats()
    expect(held().filter((text) => text.startsWith('a:'))).toEqual(['a:3000'])
  })

  test('everything, in whichever shard, gets a revocation of everything back, since every shard has it', async () => {
    replica.add({ kind: 'all', until: 1000 })
    store.forget(1)
    await heartbeats()
    expect(store.asserted).toEqual([{ shard: 1, texts: ['a:1000', ...texts('1a')] }])
  })

  test('everything between two pages gets it back', async () => {
    store.pageSize = 2
    for (const jti of ['0p', '0q', '0r', '0s', '0t']) store.feed(revocation(jti))
    const pull = store.pull
    store.pull = async (...given) => {
      const outcome = await pull(...given)
      if (given[0] === 0 && given[1] === 30) store.forget(0)
      return outcome
    }
    // After each page it rests for a moment.
    await heartbeats(4)
    expect(forgotten).toEqual([0])
    expect(store.asserted).toEqual([{ shard: 0, texts: texts('0a', '0b', '0c', '0p', '0q') }])
  })
})

describe('a store that lost nothing gets nothing back', () => {
  test('while it is away, again and again', async () => {
    for (let time = 0; time < 3; time++) {
      store.away.add('pull')
      await heartbeats(3)
      store.feed(revocation(`0${time}`))
      store.away.delete('pull')
      await heartbeats(3)
      expect(replica.judge(token(`0${time}`))).toBe('revoked')
    }
    expect(store.asserted).toEqual([])
    expect(forgotten).toEqual([])
  })

  test('when it goes away between two pages', async () => {
    store.pageSize = 2
    for (const jti of ['0p', '0q', '0r', '0s', '0t']) store.feed(revocation(jti))
    const pull = store.pull
    store.pull = async (...given) => {
      const outcome = await pull(...given)
      if (given[0] === 0) store.away.add('pull')
      return outcome
    }
    await heartbeats()
    store.pull = pull
    store.away.delete('pull')
    await heartbeats(2)
    for (const jti of ['0p', '0q', '0r', '0s', '0t']) expect(replica.judge(token(jti))).toBe('revoked')
    expect(store.asserted).toEqual([])
    expect(forgotten).toEqual([])
  })
})
