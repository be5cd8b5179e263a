import { createHash, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CounterName, SightingsName, Store, SubjectTag } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import { LIFETIMES, NOTHING, newSubject, ofKind, opened, opening, rotation, START } from './fixtures.ts'
import { answers, type Cast, castOf } from './redis-steps.ts'

/** What may lie in the place of a value. */
const damages: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['a byte', Buffer.of(0)],
  ['a word', Buffer.from('damaged')],
  ['a number', Buffer.from('-1')],
  ['no number', Buffer.from('NaN')],
  ['zeros', Buffer.alloc(64)],
  ['high bytes', Buffer.alloc(64, 0xff)],
  ['a long text', Buffer.alloc(5000, 'x')],
]

interface Place {
  readonly name: string
  /** Whether it concerns one user. All else concerns those of a shard, or all. */
  readonly isOfUser: boolean
  isThere(key: string, field: Buffer): boolean
}

const ofUser = (name: string, isField: (field: Buffer) => boolean): Place => ({
  name,
  isOfUser: true,
  isThere: (key, field) => key.includes(':u:') && isField(field),
})
const ofAll = (name: string, end: string, isField: (field: Buffer) => boolean): Place => ({
  name,
  isOfUser: false,
  isThere: (key, field) => key.endsWith(end) && isField(field),
})
const is =
  (name: string) =>
  (field: Buffer): boolean =>
    field.toString('latin1') === name

/** The values of the layout. */
const places: readonly Place[] = [
  ofUser('the subject', is('@')),
  ofUser('the mark of a subject', is('n')),
  ofUser('the mark that excepts nobody', is('f')),
  ofUser('the mark that ended sessions', is('x')),
  ofUser('the place where expired sessions are looked for', is('p')),
  ofUser('the window of refreshes', is('w')),
  ofUser('the latest sign-in', is('l')),
  ofUser('the state of a session', (field) => field.length === 16),
  ofUser('the grant of a session', (field) => field.length === 17),
  ofAll('the epoch of a shard', ':m', is('e')),
  ofAll('when the epoch of a shard began', ':m', is('t')),
  ofAll('the end of everything in a shard', ':m', is('a')),
  ofAll('the digest of a shard', ':m', is('d')),
  ofAll('the position of a shard', ':m', is('p')),
  ofAll('the version of the keys', ':k', is('@')),
  ofAll('a signing key', ':k', (field) => !is('@')(field)),
]

let redis: RedisServer
let admin: Redis
let store: Store
let notices: string[]

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})
beforeEach(async () => {
  await admin.flushall()
  notices = []
  store = await openStore(notices)
})
afterEach(() => store.close())

function openStore(told: string[]): Promise<Store> {
  const notice = (message: string): void => void told.push(message)
  return redisStore({ url: redis.url, time: 'caller' }).open({ ...storeContext, notice })
}

/** Writes the damage over every value at the place. Returns how many there are. */
async function damageAll(isThere: (key: string, field: Buffer) => boolean, damage: Buffer): Promise<number> {
  let damaged = 0
  for (const key of await admin.keys('*')) {
    if ((await admin.type(key)) !== 'hash') continue
    for (const field of await admin.hkeysBuffer(key)) {
      if (!isThere(key, field)) continue
      await admin.hset(key, field, damage)
      damaged++
    }
  }
  return damaged
}

/** Sessions, marks, windows and keys of two subjects, of which nothing is damaged yet. */
async function furnished(): Promise<Cast> {
  const cast = await castOf(store)
  const refreshLimit = { count: 100, windowMs: 60_000 }
  const busy = await opened(store, opening(cast.subject))
  const signIn = { event: 'session.started', outcome: 'success', kind: 'sign_in' } as const
  const entry = { ...signIn, tag: cast.subject.tag, at: START }
  await store.activity?.append([entry], { most: 5, mostFailures: 5, keptMs: 60_000 }, START)
  await store.sessions.rotate(rotation(busy, { refreshLimit }))
  const { tag } = cast.subject
  await store.sessions.renew({ tag, at: START, lifetimes: LIFETIMES, known: NOTHING })
  await store.sessions.endSubject({ tag: newSubject().tag, at: START, lifetimes: LIFETIMES })
  await store.keys.swap([{ kid: 'key-1', sealed: 'sealed' }], 0)
  // What only a user with very many sessions has.
  for (const key of await admin.keys(`*:u:${tag}`))
    await admin.hset(key, 'x', `${START - 1}:`, 'p', `0 ${START}`)
  for (const key of await admin.keys('*:m')) await admin.hset(key, 'a', String(START - 1))
  return cast
}

/** Everything that a process does with the store: each step must be answered. */
async function askAll(asked: Store, cast: Cast): Promise<void> {
  for (const kind of Object.values(await answers(asked, cast))) expect(kind).toEqual(expect.any(String))
  const { tag } = cast.subject
  await asked.sessions.renew({ tag, at: START, lifetimes: LIFETIMES, known: NOTHING })
  await asked.sessions.open(opening(cast.subject, { sessionLimit: 5 }))
  await asked.sessions.endSubject({ tag, at: START, lifetimes: LIFETIMES, except: cast.toRotate.id })
  for (let shard = 0; shard < asked.revocations.shards; shard++) await asked.revocations.pull(shard, 0)
}

describe.each(damages)('with %s in the place of', (_name, damage) => {
  test.each(places.map((place) => [place.name, place] as const))(
    '%s, every step is answered, and a new process starts',
    async (_place, place) => {
      const { isThere } = place
      const cast = await furnished()
      expect(await damageAll(isThere, damage)).toBeGreaterThan(0)
      await askAll(store, cast)
      await damageAll(isThere, damage)
      const toldToAnother: string[] = []
      const another = await openStore(toldToAnother)
      await askAll(another, cast)
      expect(await another.ping()).toBe(true)
      await another.close()
      if (place.isOfUser) {
        const stranger = await opened(store, opening(newSubject()))
        expect(await store.sessions.rotate(rotation(stranger))).toMatchObject({ kind: 'rotated' })
      }
      for (const told of [notices, toldToAnother]) expect(new Set(told).size).toBe(told.length)
    },
  )

  test('in a feed, it is passed over, and what else is there is read', async () => {
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    await store.sessions.end({ id: session.id, at: START, evenIfAbsent: false })
    for (const key of await admin.keys('*:r')) await admin.zadd(key, '1', damage)
    const shard = store.revocations.shardOfSession(session.id)
    const { revocations } = ofKind(await store.revocations.pull(shard, 0), 'pulled')
    expect(revocations).toContainEqual({ kind: 'session', session: session.id })
  })
})

test.each(damages)(
  'with %s in the place of a counter, its account waits, and others do not',
  async (_name, damage) => {
    const { counters } = store
    if (counters === undefined) throw new TypeError('the store keeps no counters')
    const limit = { most: 5, windowMs: 60_000, blockMs: 60_000 }
    const [one, other] = [nameOf('one'), nameOf('other')]
    await counters.attempt({ name: one, limit, at: START })
    const [key = ''] = await admin.keys('*:c:*')
    await admin.set(key, damage)
    const attempt = { name: one, limit, at: START }
    expect(await counters.attempt(attempt)).toEqual({ kind: 'unavailable' })
    expect(await counters.takeBack({ ...attempt, since: START })).toEqual({ kind: 'unavailable' })
    expect(await counters.block({ name: one, forMs: 60_000, at: START })).toEqual({ kind: 'unavailable' })
    expect(await counters.attempt({ ...attempt, name: other })).toMatchObject({ kind: 'counted' })
    // Whoever unlocks the account repairs it.
    expect(await counters.forget({ name: one, at: START })).toMatchObject({ kind: 'forgotten' })
    expect(await counters.attempt(attempt)).toMatchObject({ kind: 'counted' })
  },
)

test.each(damages)('with %s in a list of activity, the rest of it is read', async (_name, damage) => {
  const { tag } = newSubject()
  const { activity } = store
  if (activity === undefined) throw new TypeError('the store keeps no activity')
  const entry = { tag, at: START, event: 'password.changed', outcome: 'success', kind: 'other' } as const
  const bounds = { most: 5, mostFailures: 5, keptMs: 60_000 }
  ofKind(await activity.append([entry], bounds, START), 'appended')
  const [key = ''] = await admin.keys('*:a:*')
  await admin.lpush(key, damage)
  ofKind(await activity.append([entry], bounds, START), 'appended')
  const { entries } = ofKind(await activity.read(tag, START), 'read')
  expect(entries.filter((one) => isDeepStrictEqual(one, entry))).toHaveLength(2)
})

test('a damaged key of a subject is replaced, since it would hold up the trail, and erased with the rest', async () => {
  const { subjectKeys, sessions } = store
  if (subjectKeys === undefined) throw new TypeError('the store keeps no keys of subjects')
  const keyed = async (tag: SubjectTag) => {
    const fresh = { id: randomBytes(16).toString('base64url'), key: new Uint8Array(randomBytes(32)) }
    return subjectKeys.keyOf({ tag, fresh, keptMs: 60_000, at: START })
  }
  for (const write of [
    (key: string) => admin.set(key, 'damaged'),
    (key: string) => admin.multi().del(key).hset(key, 'a', 'b').exec(),
  ]) {
    const { tag } = newSubject()
    const first = ofKind(await keyed(tag), 'found')
    const [key = ''] = await admin.keys(`*n:${tag}`)
    await write(key)
    expect(await subjectKeys.keyBehind(first.pseudonym, START)).not.toMatchObject({ kind: 'found' })
    const second = ofKind(await keyed(tag), 'found')
    expect(second.pseudonym).not.toBe(first.pseudonym)
    await write(key)
    ofKind(await sessions.erase(tag, START), 'erased')
    expect(await admin.keys(`*n:${tag}`)).toEqual([])
  }
})

test('a damaged list takes along no entry of another subject', async () => {
  const { activity } = store
  if (activity === undefined) throw new TypeError('the store keeps no activity')
  const damaged = newSubject()
  const others = Array.from({ length: 200 }, newSubject).filter(({ tag }) => tag[0] === damaged.tag[0])
  const bounds = { most: 5, mostFailures: 5, keptMs: 60_000 }
  const entryOf = ({ tag }: typeof damaged) =>
    ({ tag, at: START, event: 'password.changed', outcome: 'success', kind: 'other' }) as const
  await activity.append([entryOf(damaged)], bounds, START)
  for (const key of await admin.keys('*:a:*')) {
    await admin.del(key)
    await admin.set(key, 'damaged')
  }
  const all = [damaged, ...others].map(entryOf)
  expect(await activity.append(all, bounds, START)).toEqual({ kind: 'unavailable' })
  for (const { tag } of others)
    expect(ofKind(await activity.read(tag, START), 'read').entries).toHaveLength(1)
})

const sighting = {
  name: sightingsName('one'),
  value: 'a',
  windowMs: 60_000,
  most: 5,
  counts: 'latest',
} as const

test.each(damages)('with %s in the place of sightings, they begin anew', async (_name, damage) => {
  const { sightings } = store
  if (sightings === undefined) throw new TypeError('the store keeps no sightings')
  const { tag } = newSubject()
  const both = [sighting, { ...sighting, tag }]
  await sightings.note(both, START)
  for (const key of await admin.keys('*:s:*')) await admin.set(key, damage)
  for (const key of await admin.keys('*:t:*')) await admin.hset(key, sighting.name, damage)
  expect(await sightings.read(sighting.name, 60_000, START)).toEqual({ kind: 'read', values: [] })
  const anew = { values: [{ value: 'a', at: START }] }
  expect(await sightings.note(both, START)).toEqual({ kind: 'noted', seen: [anew, anew] })
})

test('sightings of another type, or of another time, begin anew, too', async () => {
  const { sightings } = store
  if (sightings === undefined) throw new TypeError('the store keeps no sightings')
  const { tag } = newSubject()
  const both = [sighting, { ...sighting, tag }]
  const anew = { values: [{ value: 'a', at: START }] }
  await sightings.note(both, START)
  for (const key of await admin.keys('*:s:*')) {
    await admin.del(key)
    await admin.hset(key, 'a', '1')
  }
  for (const key of await admin.keys('*:t:*')) await admin.set(key, 'damaged')
  expect(await sightings.read(sighting.name, 60_000, START)).toEqual({ kind: 'unavailable' })
  expect(await sightings.note(both, START)).toEqual({ kind: 'noted', seen: [anew, anew] })
  const late = START + 10 * 86_400_000
  for (const key of await admin.keys('*:s:*')) await admin.set(key, `${late}:a ${'9'.repeat(400)}:b`)
  expect(await sightings.note([sighting], START)).toEqual({ kind: 'noted', seen: [anew] })
})

test.each(['1 1 99999999999999', `1 1 ${'9'.repeat(400)}`])(
  'a counter that would block for years (%s) is damaged',
  async (value) => {
    const { counters } = store
    if (counters === undefined) throw new TypeError('the store keeps no counters')
    const limit = { most: 5, windowMs: 60_000, blockMs: 60_000 }
    const attempt = { name: nameOf('one'), limit, at: START }
    await counters.attempt(attempt)
    const [key = ''] = await admin.keys('*:c:*')
    await admin.set(key, value)
    expect(await counters.attempt(attempt)).toEqual({ kind: 'unavailable' })
    expect(await counters.forget({ name: attempt.name, at: START })).toMatchObject({ kind: 'forgotten' })
    expect(await counters.attempt(attempt)).toMatchObject({ kind: 'counted' })
  },
)

test('a value of another type in the place of either is answered, too', async () => {
  const { tag } = newSubject()
  const name = nameOf('one')
  const attempt = { name, limit: { most: 5, windowMs: 60_000, blockMs: 60_000 }, at: START }
  const entry = { tag, at: START, event: 'password.changed', outcome: 'success', kind: 'other' } as const
  const bounds = { most: 5, mostFailures: 5, keptMs: 60_000 }
  await store.counters?.attempt(attempt)
  await store.activity?.append([entry], bounds, START)
  for (const key of [...(await admin.keys('*:c:*')), ...(await admin.keys('*:a:*'))]) {
    await admin.del(key)
    await admin.hset(key, 'a', '1')
  }
  expect(await store.counters?.attempt(attempt)).toEqual({ kind: 'unavailable' })
  expect(await store.activity?.append([entry], bounds, START)).toEqual({ kind: 'unavailable' })
  expect(await store.activity?.read(tag, START)).toEqual({ kind: 'unavailable' })
})

function nameOf(text: string): CounterName {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22) as CounterName
}

function sightingsName(text: string): SightingsName {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22) as SightingsName
}

test.each(['n', 'f', 'x'])(
  'a damaged mark %s stops no step halfway: what is answered 503 has not happened',
  async (mark) => {
    const subject = newSubject()
    const [one, two] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    const [key = ''] = await admin.keys(`*:u:${subject.tag}`)
    await admin.hset(key, mark, 'damaged')
    const more = { sessionLimit: 1, replaces: one.id }
    expect(await store.sessions.open(opening(subject, more))).toEqual({ kind: 'unavailable' })
    const all = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
    expect(await store.sessions.endSubject(all)).toEqual({ kind: 'unavailable' })
    expect(await store.sessions.renew({ ...all, known: NOTHING })).toEqual({ kind: 'unavailable' })
    if (mark !== 'f') expect(await store.sessions.rotate(rotation(one))).toEqual({ kind: 'unavailable' })
    if (mark === 'x') {
      expect(await store.sessions.list(all)).toEqual({ kind: 'unavailable' })
      expect(await store.sessions.read(one.id)).toEqual({ kind: 'unavailable' })
      const ending = { id: one.id, at: START, evenIfAbsent: true }
      expect(await store.sessions.end(ending)).toEqual({ kind: 'unavailable' })
    }
    await admin.hdel(key, mark)
    for (const session of [one, two])
      expect(await store.sessions.rotate(rotation(session))).toMatchObject({
        kind: 'rotated',
        session: { generation: 2 },
      })
  },
)

test('a damaged session beside it lets no sign-in end the session that it would have replaced', async () => {
  const subject = newSubject()
  const own = await opened(store, opening(subject))
  const [key = ''] = await admin.keys(`*:u:${subject.tag}`)
  await admin.hset(key, 'x'.repeat(16), 'damaged')
  const more = { sessionLimit: 5, replaces: own.id }
  expect(await store.sessions.open(opening(subject, more))).toEqual({ kind: 'unavailable' })
  await admin.hdel(key, 'x'.repeat(16))
  expect(await store.sessions.rotate(rotation(own))).toMatchObject({ kind: 'rotated' })
})

test('a damaged session that would be kept lets no log-out of the others stop halfway', async () => {
  const subject = newSubject()
  const [kept, other] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
  const [key = ''] = await admin.keys(`*:u:${subject.tag}`)
  const field = Buffer.from(kept.id.slice(16), 'base64url')
  const was = await admin.hgetBuffer(key, field)
  // Its instants can be read, and the rest cannot.
  await admin.hset(key, field, Buffer.concat([was ?? Buffer.alloc(0), Buffer.from('x')]))
  const all = { tag: subject.tag, at: START, lifetimes: LIFETIMES, except: kept.id }
  expect(await store.sessions.endSubject(all)).toEqual({ kind: 'unavailable' })
  expect(await store.sessions.rotate(rotation(other))).toMatchObject({ kind: 'rotated' })
})

test('a damaged grant lets no change of rights stop halfway', async () => {
  const subject = newSubject()
  const [one, two] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
  const [key = ''] = await admin.keys(`*:u:${subject.tag}`)
  await admin.hset(
    key,
    Buffer.concat([Buffer.from('.'), Buffer.from(one.id.slice(16), 'base64url')]),
    'damaged',
  )
  const all = { tag: subject.tag, at: START, lifetimes: LIFETIMES, known: NOTHING, scope: 'other' }
  expect(await store.sessions.renew(all)).toMatchObject({ kind: 'renewed' })
  expect(await store.sessions.rotate(rotation(two))).toMatchObject({ session: { scope: 'other' } })
})

test.each([
  ['a mark', '@n'],
  ['another type', ''],
])('what one user has damaged (%s) keeps nothing else from being put back', async (_what, how) => {
  const [damaged, other] = [newSubject(), newSubject()]
  const session = await opened(store, opening(damaged))
  const [key = ''] = await admin.keys(`*:u:${damaged.tag}`)
  if (how === '') {
    await admin.del(key)
    await admin.set(key, 'damaged')
  } else await admin.hset(key, 'n', 'damaged')
  const shard = store.revocations.shardOfSession(session.id)
  const lost = [
    { kind: 'subject', tag: damaged.tag, notBefore: START / 1000 },
    { kind: 'generation', session: session.id, generation: 1 },
    { kind: 'session', session: session.id },
    { kind: 'token', jti: other.name },
  ] as const
  expect(await store.revocations.assert(shard, lost, START)).toEqual({ kind: 'asserted' })
  const { revocations } = ofKind(await store.revocations.pull(shard, 0), 'pulled')
  expect(revocations).toHaveLength(lost.length)
})

test("a record under which another subject was written is nobody's, and is told", async () => {
  const [own, other] = [newSubject(), newSubject()]
  const session = await opened(store, opening(own))
  const [key = ''] = await admin.keys(`*:u:${own.tag}`)
  await admin.hset(key, '@', other.name)
  expect(await store.sessions.rotate(rotation(session))).toEqual({ kind: 'unavailable' })
  expect(await store.sessions.read(session.id)).toEqual({ kind: 'unavailable' })
  const all = { tag: own.tag, at: START, lifetimes: LIFETIMES }
  expect(await store.sessions.list(all)).toEqual({ kind: 'unavailable' })
  expect(await store.sessions.open(opening(own))).toEqual({ kind: 'unavailable' })
  expect(notices).toContainEqual(expect.stringContaining('the subject of a session that cannot be read'))
})
