import { randomBytes } from 'node:crypto'
import {
  type ApiKey,
  type ApiKeyCreation,
  type ApiKeyId,
  type ApiKeyStore,
  apiKeyIdFrom,
  MAX_API_KEY_MS,
  sessionOfApiKey,
} from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  HOUR,
  isRevoked,
  LIFETIMES,
  NOTHING,
  newSubject,
  ofKind,
  opened,
  opening,
  revokedSessions,
  rotation,
  SECOND,
  START,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

export function keyOf(subject: Subject, more: Partial<ApiKey> = {}): ApiKey {
  return {
    id: apiKeyIdFrom(randomBytes(16).toString('base64url')),
    subject: subject.name,
    name: 'the build server',
    scope: 'read write',
    createdAt: START,
    expiresAt: START + 24 * HOUR,
    digest: new Uint8Array(randomBytes(32)),
    ...more,
  }
}

const creation = (
  subject: Subject,
  key = keyOf(subject),
  more: Partial<ApiKeyCreation> = {},
): ApiKeyCreation => ({ tag: subject.tag, key, most: 5, at: START, ...more })

const byId = (keys: readonly ApiKey[]): ApiKey[] => [...keys].sort((a, b) => (a.id < b.id ? -1 : 1))

/** API keys. A store that keeps none has none. */
export function apiKeysContract(here: Here): void {
  const storeOf = (keys: ApiKeyStore | undefined): ApiKeyStore => {
    if (keys === undefined) throw new TypeError('the store keeps no API keys')
    return keys
  }
  const one = (): ApiKeyStore => storeOf(here().store.apiKeys)
  const other = (): ApiKeyStore => storeOf(here().other.apiKeys)

  async function created(given: ApiKeyCreation): Promise<ApiKey> {
    return ofKind(await one().create(given), 'created').key
  }
  const listed = async (subject: Subject, at = START): Promise<readonly ApiKey[]> =>
    ofKind(await other().list(subject.tag, at), 'listed').keys
  const isThere = async ({ tag }: Subject, id: ApiKeyId): Promise<boolean> =>
    (await other().read(tag, id, START)).kind === 'read'

  test('what was created is read and listed as it is, on every process', async () => {
    const subject = newSubject()
    const keys = [keyOf(subject), keyOf(subject, { name: 'ünïcode 🔑', scope: '' })]
    for (const key of keys) expect(await created(creation(subject, key))).toEqual(key)
    for (const key of keys)
      expect(await other().read(subject.tag, key.id, START)).toEqual({ kind: 'read', key })
    expect(byId(await listed(subject))).toEqual(byId(keys))
  })

  test('one that nobody has created, or that is somebody else’s, is unknown', async () => {
    const [subject, stranger] = [newSubject(), newSubject()]
    const { id } = await created(creation(subject))
    expect(await other().read(subject.tag, keyOf(subject).id, START)).toEqual({ kind: 'unknown' })
    expect(await other().read(stranger.tag, id, START)).toEqual({ kind: 'unknown' })
    expect(await listed(stranger)).toEqual([])
  })

  test('a subject has no more than it may have, however many are made at once', async () => {
    const subject = newSubject()
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? one() : other()).create(creation(subject))),
    )
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(5)
    expect(outcomes.filter(({ kind }) => kind === 'full')).toHaveLength(25)
    expect(await listed(subject)).toHaveLength(5)
  })

  test('those that are over or revoked make room, and others are not concerned', async () => {
    const [subject, stranger] = [newSubject(), newSubject()]
    const short = keyOf(subject, { expiresAt: START + HOUR })
    await created(creation(subject, short, { most: 2 }))
    const long = await created(creation(subject, undefined, { most: 2 }))
    expect(await one().create(creation(subject, undefined, { most: 2 }))).toEqual({ kind: 'full' })
    await created(creation(stranger, undefined, { most: 2 }))
    const later = await created(creation(subject, undefined, { most: 2, at: START + HOUR }))
    expect(byId(await listed(subject, START + HOUR))).toEqual(byId([long, later]))
    ofKind(await other().revoke(subject.tag, long.id, START + HOUR), 'revoked')
    await created(creation(subject, undefined, { most: 2, at: START + HOUR }))
  })

  test('one that is over is listed no more, and lives as long as it was to live', async () => {
    const subject = newSubject()
    const key = keyOf(subject, { expiresAt: START + MAX_API_KEY_MS })
    await created(creation(subject, key))
    await created(creation(subject, keyOf(subject, { expiresAt: START + HOUR })))
    expect(await listed(subject, START + HOUR)).toEqual([key])
    expect(await listed(subject, START + MAX_API_KEY_MS - 1)).toEqual([key])
    expect(await listed(subject, START + MAX_API_KEY_MS)).toEqual([])
  })

  test('one that is revoked is gone, and on the feed by its name, with the others as they were', async () => {
    const subject = newSubject()
    const [gone, stays] = [await created(creation(subject)), await created(creation(subject))]
    const name = sessionOfApiKey(subject.tag, gone.id)
    expect(await other().revoke(subject.tag, gone.id, START)).toEqual({ kind: 'revoked', keys: [gone.id] })
    expect(await one().read(subject.tag, gone.id, START)).toEqual({ kind: 'unknown' })
    expect(await listed(subject)).toEqual([stays])
    expect(await isRevoked(here().store, name, subject.tag)).toBe(true)
    expect(await revokedSessions(here().other, subject.tag)).toEqual(new Set([name]))
    expect(await other().revoke(subject.tag, gone.id, START)).toEqual({ kind: 'revoked', keys: [] })
  })

  test('one that is not there is revoked all the same', async () => {
    const subject = newSubject()
    const { id } = keyOf(subject)
    expect(await one().revoke(subject.tag, id, START)).toEqual({ kind: 'revoked', keys: [] })
    expect(await isRevoked(here().other, sessionOfApiKey(subject.tag, id), subject.tag)).toBe(true)
  })

  test('all are revoked at once, even as many as there may be, and nothing of others', async () => {
    const [subject, stranger] = [newSubject(), newSubject()]
    const keys = await Promise.all(
      Array.from({ length: 200 }, () => created(creation(subject, undefined, { most: 200 }))),
    )
    for (const { id } of keys) await one().touch(subject.tag, id, START)
    const foreign = await created(creation(stranger))
    const { keys: ids } = ofKind(await other().revoke(subject.tag, 'all', START), 'revoked')
    expect(new Set(ids)).toEqual(new Set(keys.map(({ id }) => id)))
    expect(await listed(subject)).toEqual([])
    expect(await revokedSessions(here().other, subject.tag)).toEqual(
      new Set(keys.map(({ id }) => sessionOfApiKey(subject.tag, id))),
    )
    expect(await isThere(stranger, foreign.id)).toBe(true)
    expect(await other().revoke(subject.tag, 'all', START)).toEqual({ kind: 'revoked', keys: [] })
  })

  test('of racing revocations, one tells of each key', async () => {
    const subject = newSubject()
    const keys = await Promise.all(Array.from({ length: 5 }, () => created(creation(subject))))
    const outcomes = await Promise.all([
      ...keys.map(({ id }) => one().revoke(subject.tag, id, START)),
      other().revoke(subject.tag, 'all', START),
      ...keys.map(({ id }) => other().revoke(subject.tag, id, START)),
    ])
    const told = outcomes.flatMap((outcome) => ofKind(outcome, 'revoked').keys)
    expect(told.sort()).toEqual(keys.map(({ id }) => id).sort())
  })

  test('one that is read while it is revoked is read whole, or unknown', async () => {
    for (let round = 0; round < 30; round++) {
      const subject = newSubject()
      const key = await created(creation(subject))
      const [reading] = await Promise.all([
        other().read(subject.tag, key.id, START),
        one().revoke(subject.tag, key.id, START),
      ])
      if (reading.kind === 'read') expect(reading.key).toEqual(key)
      else expect(reading).toEqual({ kind: 'unknown' })
      expect(await isThere(subject, key.id)).toBe(false)
    }
  })

  test('a use is noted, and brings back no key that is gone', async () => {
    const subject = newSubject()
    const [used, unused] = [await created(creation(subject)), await created(creation(subject))]
    await one().touch(subject.tag, used.id, START + SECOND)
    const lastUses = async () => new Map((await listed(subject)).map((key) => [key.id, key]))
    expect(await lastUses()).toEqual(
      new Map<string, unknown>([
        [used.id, { ...used, lastUsedAt: START + SECOND }],
        [unused.id, unused],
      ]),
    )
    for (let round = 0; round < 30; round++) {
      const key = await created(creation(subject))
      await Promise.all([
        one().touch(subject.tag, key.id, START),
        other().revoke(subject.tag, key.id, START),
        one().touch(subject.tag, key.id, START),
      ])
      await one().touch(subject.tag, key.id, START)
      expect(await isThere(subject, key.id)).toBe(false)
      expect((await lastUses()).has(key.id)).toBe(false)
    }
    expect(await one().touch(subject.tag, keyOf(subject).id, START)).toEqual({ kind: 'noted' })
    expect(await listed(subject)).toHaveLength(2)
  })

  test('the end of the sessions of a subject does not concern its keys, nor the other way round', async () => {
    const subject = newSubject()
    const key = await created(creation(subject))
    const session = await opened(here().store, opening(subject))
    ofKind(
      await here().store.sessions.renew({
        tag: subject.tag,
        at: START,
        lifetimes: LIFETIMES,
        known: NOTHING,
      }),
      'renewed',
    )
    ofKind(await other().revoke(subject.tag, 'all', START), 'revoked')
    ofKind(await here().other.sessions.rotate(rotation(session)), 'rotated')
    const second = await created(creation(subject))
    const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
    expect(ofKind(await here().other.sessions.endSubject(ending), 'ended').sessions).toEqual([session.id])
    expect(await listed(subject)).toEqual([second])
    expect(await isThere(subject, key.id)).toBe(false)
  })

  test('the end of everything ends all keys, and those that follow are good', async () => {
    const subject = newSubject()
    const [key, ahead] = [keyOf(subject), keyOf(subject, { createdAt: START + SECOND })]
    await created(creation(subject, key))
    await created(creation(subject, ahead))
    const { revocation } = ofKind(await here().other.revocations.revokeAll(START), 'revoked')
    expect(await isThere(subject, key.id)).toBe(false)
    expect(await isThere(subject, ahead.id)).toBe(false)
    expect(await listed(subject)).toEqual([])
    expect(ofKind(await one().revoke(subject.tag, 'all', START), 'revoked').keys).toEqual([])
    const next = await created(creation(subject))
    expect(next.createdAt).toBe(Math.floor(revocation.until / SECOND) * SECOND + 3 * SECOND)
    expect(await listed(subject)).toEqual([next])
    expect(await other().read(subject.tag, next.id, START)).toEqual({ kind: 'read', key: next })
  })

  test('one that reappears with older data is dropped when its revocation is put back', async () => {
    const subject = newSubject()
    const [key, stays] = [await created(creation(subject)), await created(creation(subject))]
    const { revocations } = here().other
    const lost = { kind: 'session', session: sessionOfApiKey(subject.tag, key.id) } as const
    ofKind(await revocations.assert(revocations.shardOf(lost), [lost], START), 'asserted')
    expect(await listed(subject)).toEqual([stays])
  })

  test('so are all that were made before the end of everything that is put back', async () => {
    const subject = newSubject()
    await created(creation(subject))
    const lost = { kind: 'all', until: START } as const
    const { revocations } = here().other
    for (let shard = 0; shard < revocations.shards; shard++)
      ofKind(await revocations.assert(shard, [lost], START), 'asserted')
    expect(await listed(subject)).toEqual([])
  })

  test('a subject with keys is not erased, and one whose keys were revoked is', async () => {
    const subject = newSubject()
    const { id } = await created(creation(subject))
    await one().touch(subject.tag, id, START)
    expect(await here().other.sessions.erase(subject.tag, START)).toEqual({ kind: 'in_use' })
    expect(await isThere(subject, id)).toBe(true)
    ofKind(await other().revoke(subject.tag, 'all', START), 'revoked')
    ofKind(await here().other.sessions.erase(subject.tag, START), 'erased')
    expect(await listed(subject)).toEqual([])
  })

  test('one that is made while its subject is erased is still there, or the subject was in use', async () => {
    for (let round = 0; round < 30; round++) {
      const subject = newSubject()
      const [erased, made] = await Promise.all([
        here().other.sessions.erase(subject.tag, START),
        one().create(creation(subject)),
      ])
      const { key } = ofKind(made, 'created')
      expect(['erased', 'in_use']).toContain(erased.kind)
      expect(await isThere(subject, key.id)).toBe(true)
    }
  })
}
