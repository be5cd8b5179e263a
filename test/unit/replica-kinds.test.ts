import { randomBytes } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import {
  isSessionId,
  type RevocationStore,
  type SessionId,
  sessionIdFrom,
  type TokenIdentity,
  tagOf,
} from '@sallyport/core/store'
import { afterEach, describe, expect, test } from 'vitest'
import { createReplica, type Replica } from '../../packages/core/src/revocation/replica.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { scriptedRevocations } from './scripted-revocations.ts'

const tag = tagOf('alice')
const newId = (): SessionId => sessionIdFrom(tag, randomBytes(16).toString('base64url'))
const own = newId()
const spared = newId()
const token = (part: Partial<TokenIdentity> = {}): TokenIdentity => ({
  own: true,
  session: newId(),
  generation: 1,
  tag,
  jti: 'token',
  kid: 'key',
  issuedAt: 5,
  ...part,
})

const replicas: Replica[] = []
const revoked: Revocation[] = []
async function started(store: RevocationStore): Promise<Replica> {
  const settings = { mode: 'replicated', maxStalenessMs: 1000, heartbeatMs: 1000 } as const
  const events = {
    onRevoked: (one: Revocation) => void revoked.push(one),
    onForgotten: () => {},
    onTime: () => {},
    onAnnounced: () => {},
    storeTime: () => Number.MAX_SAFE_INTEGER,
    putBackOthers: async () => true,
  }
  const replica = createReplica(store, settings, turnedClock(), events)
  replicas.push(replica)
  await replica.start()
  return replica
}
afterEach(() => {
  for (const replica of replicas.splice(0)) replica.close()
  revoked.length = 0
})

const cases: readonly (readonly [string, Revocation, TokenIdentity, TokenIdentity])[] = [
  ['its session', { kind: 'session', session: own }, token({ session: own }), token()],
  [
    "another issuer's session",
    { kind: 'session', session: 'their session' },
    token({ session: 'their session' }),
    token({ session: 'their other session' }),
  ],
  ['it itself', { kind: 'token', jti: 'one' }, token({ jti: 'one' }), token({ jti: 'two' })],
  ['its key', { kind: 'key', kid: 'one' }, token({ kid: 'one' }), token({ kid: 'two' })],
  ['its subject', { kind: 'subject', tag, notBefore: 5 }, token(), token({ issuedAt: 6 })],
  [
    'its subject, but for one session',
    { kind: 'subject', tag, notBefore: 5, except: spared },
    token(),
    token({ session: spared }),
  ],
  [
    'everything, as long as it was issued here,',
    { kind: 'all', until: 5000 },
    token({ issuedAt: 7 }),
    token({ issuedAt: 8 }),
  ],
  [
    'everything, and not those of another issuer',
    { kind: 'all', until: 5000 },
    token(),
    token({ own: false }),
  ],
  [
    'its subject, and no other',
    { kind: 'subject', tag, notBefore: 5 },
    token(),
    token({ tag: tagOf('bob') }),
  ],
]

for (const [what, revocation, dead, live] of cases)
  test(`a token is revoked when ${what} is, wherever that was done`, async () => {
    const store = scriptedRevocations()
    store.feed(revocation)
    const told = await started(store)
    const acting = await started(scriptedRevocations())
    acting.add(revocation)
    for (const replica of [told, acting]) {
      expect(replica.judge(dead)).toBe('revoked')
      expect(replica.knowsRevoked(dead)).toBe(true)
      expect(replica.judge(live)).toBe('live')
      expect(replica.knowsRevoked(live)).toBe(false)
    }
  })

test('the latest marks of a subject are those that count, wherever they were made', async () => {
  const revocations: readonly Revocation[] = [
    { kind: 'subject', tag, notBefore: 9, except: spared },
    { kind: 'subject', tag, notBefore: 4 },
    { kind: 'subject', tag: tagOf('bob'), notBefore: 20 },
  ]
  const everything: Revocation = { kind: 'all', until: 12_345 }
  const store = scriptedRevocations()
  for (const revocation of revocations) store.feed(revocation)
  const told = await started(store)
  const acting = await started(scriptedRevocations())
  for (const revocation of revocations) acting.add(revocation)
  for (const replica of [told, acting]) {
    expect(replica.marksOf(tagOf('carol'))).toEqual({ endedUntil: 0, refusedUntil: 0 })
    expect(replica.marksOf(tag)).toEqual({ endedUntil: 0, refusedUntil: 9 })
    replica.add(everything)
    replica.add({ kind: 'all', until: 12_300 })
    expect(replica.marksOf(tag)).toEqual({ endedUntil: 12_345, refusedUntil: 14 })
    expect(replica.marksOf(tagOf('bob'))).toEqual({ endedUntil: 12_345, refusedUntil: 20 })
  }
})

test('a revocation of everything is told once, although every shard has it, and an earlier one not at all', async () => {
  const replica = await started(scriptedRevocations())
  const everything: Revocation = { kind: 'all', until: 12_345 }
  for (const until of [12_345, 12_345, 9000]) replica.add({ kind: 'all', until })
  expect(revoked).toEqual([everything])
})

describe('a revoked subject is looked up', () => {
  /** The second shard has whatever belongs to subjects, and so their sessions. */
  async function withSubject(): Promise<Replica> {
    const replica = await started({
      ...scriptedRevocations(),
      shardOf: ({ kind }) => (kind === 'subject' ? 1 : 0),
      shardOfTag: () => 1,
      shardOfSession(session) {
        if (!isSessionId(session)) throw new TypeError(`${session} is no session of this deployment`)
        return 1
      },
    })
    replica.add({ kind: 'subject', tag, notBefore: 5 })
    return replica
  }

  test.each([
    ['that has no session', token({ session: undefined })],
    ['whose session has the form of another issuer', token({ session: 'their session' })],
    ['of another issuer, whose session has the form of ours', token({ own: false, session: newId() })],
    ['of ours', token()],
  ])('for a token %s', async (_, judged) => {
    expect((await withSubject()).judge(judged)).toBe('revoked')
  })

  test('without the tag of a session of ours, which would have to be computed', async () => {
    const replica = await started(scriptedRevocations())
    let times = 0
    const judged = {
      ...token(),
      get tag() {
        times++
        return tag
      },
    }
    expect(replica.judge(judged)).toBe('live')
    expect(times).toBe(0)
  })
})
