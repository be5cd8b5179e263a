import type { Session } from '@sallyport/core'
import type { Rotation, Store, StoreContext } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import {
  boundKeyOf,
  GRACE,
  HOUR,
  LIFETIMES,
  NOTHING,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  type Subject,
} from './fixtures.ts'

const UNAVAILABLE = { kind: 'unavailable' }
const MAC_BYTES = 8
const FLAGS = { body: 2, ownLifetimes: 4, boundKey: 128 } as const
const GRANT = {
  acr: 'aal2',
  amr: ['pwd', 'otp'],
  transient: true,
  lifetimes: { idleMs: HOUR / 2, absoluteMs: HOUR },
} as const

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
  store = await openStore()
})
afterEach(() => store.close())

function openStore(more: Partial<StoreContext> = {}): Promise<Store> {
  const notice = (message: string): void => void notices.push(message)
  return redisStore({ url: redis.url, time: 'caller' }).open({ ...storeContext, notice, ...more })
}

/** What lies in Redis of a session. */
interface Place {
  readonly key: string
  readonly state: Buffer
  readonly grant: Buffer
}

async function placeOf({ id }: Pick<Session, 'id'>): Promise<Place> {
  const [key = ''] = await admin.keys(`*:u:${id.slice(0, 16)}`)
  const state = Buffer.from(id.slice(16), 'base64url')
  return { key, state, grant: Buffer.concat([Buffer.from('.'), state]) }
}

async function valueAt(key: string, field: Buffer | string): Promise<Buffer> {
  const value = await admin.hgetBuffer(key, field)
  if (value === null) throw new Error('there is nothing')
  return value
}

/** Writes something else. Gives what puts it back. */
async function write(key: string, field: Buffer | string, value: Buffer | string): Promise<() => unknown> {
  const before = await valueAt(key, field)
  expect(before.equals(Buffer.from(value))).toBe(false)
  await admin.hset(key, field, value)
  return () => admin.hset(key, field, before)
}

async function flip(session: Session, flag: number): Promise<() => Promise<void>> {
  const { key, state } = await placeOf(session)
  const once = async (): Promise<void> => {
    const value = await valueAt(key, state)
    value.writeUInt8(value.readUInt8(0) ^ flag)
    await admin.hset(key, state, value)
  }
  await once()
  return once
}

/** The parts of a grant that has all of them. */
const PARTS = [
  ...(['client', 'scope', 'authenticatedAt', 'device', 'acr', 'amr'] as const),
  ...(['transient', 'idle', 'absolute'] as const),
]
type Parts = Readonly<Record<(typeof PARTS)[number], string>>

interface Scene {
  /** The session that whoever can write to Redis changes. */
  readonly victim: Session
  /** Another one of the same user, with more rights. */
  readonly sibling: Session
  /** One of another user, with more rights. */
  readonly strangers: Session
  readonly subject: Subject
}

interface Change {
  readonly name: string
  make(scene: Scene): Promise<() => unknown>
  /** How the changed session is refreshed, as well as in the usual way. */
  readonly refresh?: Partial<Rotation>
}

/** One part of the grant is another one, behind the MAC from before. */
const part = (name: string, change: (parts: Parts) => Partial<Parts>): Change => ({
  name,
  async make({ victim }) {
    const { key, grant } = await placeOf(victim)
    const stored = await valueAt(key, grant)
    const values = stored.subarray(MAC_BYTES).toString().split('\0')
    const parts = Object.fromEntries(PARTS.map((one, index) => [one, values[index] ?? ''])) as Parts
    const changed = { ...parts, ...change(parts) }
    const packed = Buffer.from(PARTS.map((one) => changed[one]).join('\0'))
    return write(key, grant, Buffer.concat([stored.subarray(0, MAC_BYTES), packed]))
  },
})

/** The grant of another session is in the place of its own. */
const copied = (name: string, of: (scene: Scene) => Session): Change => ({
  name,
  async make(scene) {
    const [own, other] = await Promise.all([placeOf(scene.victim), placeOf(of(scene))])
    return write(own.key, own.grant, await valueAt(other.key, other.grant))
  },
})

const mac = (name: string, change: (stored: Buffer) => Buffer): Change => ({
  name,
  async make({ victim }) {
    const { key, grant } = await placeOf(victim)
    return write(key, grant, change(await valueAt(key, grant)))
  },
})

const changes: readonly Change[] = [
  { ...part('the client', () => ({ client: 'admin-console' })), refresh: { client: 'admin-console' } },
  part('the scope', () => ({ scope: 'admin' })),
  part('the length of the scope', ({ scope }) => ({ scope: `${scope} admin` })),
  part('the time of authentication', () => ({ authenticatedAt: (START / SECOND + 60).toString(36) })),
  part('the device', () => ({ device: 'Safari on macOS' })),
  part('the acr', () => ({ acr: 'aal3' })),
  part('the amr', () => ({ amr: '\x1epwd\x1fhwk' })),
  part('whether it ends with the browser', () => ({ transient: '' })),
  part('its idle lifetime', () => ({ idle: String(HOUR) })),
  part('its absolute lifetime', () => ({ absolute: String(10 * HOUR) })),
  part('where two parts meet', ({ client, scope }) => ({
    client: client + scope.slice(0, 1),
    scope: scope.slice(1),
  })),
  {
    name: 'the transport',
    make: ({ victim }) => flip(victim, FLAGS.body),
    refresh: { transport: 'body' },
  },
  { name: 'that its lifetimes count', make: ({ victim }) => flip(victim, FLAGS.ownLifetimes) },
  { name: 'that it is bound to a key', make: ({ victim }) => flip(victim, FLAGS.boundKey) },
  copied("the grant: another session's of the same user", ({ sibling }) => sibling),
  copied("the grant: a session's of another user", ({ strangers }) => strangers),
  mac('the MAC', (stored) => Buffer.concat([Buffer.alloc(MAC_BYTES), stored.subarray(MAC_BYTES)])),
  mac('a bit of the MAC', (stored) => {
    const next = Buffer.from(stored)
    next.writeUInt8(next.readUInt8(MAC_BYTES - 1) ^ 1, MAC_BYTES - 1)
    return next
  }),
  mac('the MAC: there is none', (stored) => stored.subarray(MAC_BYTES)),
  mac('the MAC: there is nothing else', (stored) => stored.subarray(0, MAC_BYTES)),
]

async function sceneOf(): Promise<Scene> {
  const subject = newSubject()
  return {
    subject,
    victim: await opened(store, opening(subject, { grant: GRANT })),
    sibling: await opened(store, opening(subject, { grant: { ...GRANT, scope: 'admin' } })),
    strangers: await opened(store, opening(newSubject(), { grant: { ...GRANT, scope: 'admin' } })),
  }
}

const all = ({ tag }: Subject) => ({ tag, at: START + SECOND, lifetimes: LIFETIMES })
/** What stays as it was at sign-in. */
const grantOf = ({ generation, rotatedAt, createdAt, ip, ...grant }: Session): unknown => grant

describe.each(changes.map((change) => [change.name, change] as const))(
  'another value of %s',
  (_name, change) => {
    const refresh = (session: Session, more: Partial<Rotation> = {}) =>
      store.sessions.rotate(rotation(session, more))

    test('makes that session unavailable until it is as it was, and no other one', async () => {
      const scene = await sceneOf()
      const { victim, sibling, strangers, subject } = scene
      const restore = await change.make(scene)
      // Before the grace has passed and after it: whoever repeats a 503 gets another one.
      for (const at of [START + SECOND, START + 2 * SECOND, START + 3 * GRACE, START + 6 * GRACE]) {
        expect(await refresh(victim, { ...change.refresh, at })).toEqual(UNAVAILABLE)
        expect(await refresh(victim, { at })).toEqual(UNAVAILABLE)
      }
      for (let time = 0; time < 2; time++) {
        expect(await store.sessions.read(victim.id)).toEqual(UNAVAILABLE)
        const listed = ofKind(await store.sessions.list(all(subject)), 'listed')
        expect(listed.sessions.map(({ id }) => id)).toEqual([sibling.id])
      }
      expect(await refresh(sibling)).toMatchObject({ kind: 'rotated', session: { scope: 'admin' } })
      expect(await refresh(strangers)).toMatchObject({ kind: 'rotated' })
      const told = notices.filter((notice) => notice.includes('cannot be read'))
      expect(told.toSorted()).toEqual(
        ['"list" leaves it out', '"read" counts', '"rotate" counts'].map((end) =>
          expect.stringContaining(end),
        ),
      )

      await restore()
      const again = await refresh(victim, { at: START + 6 * GRACE + SECOND })
      expect(['rotated', 'converged', 'contested']).toContain(again.kind)
      if (!('session' in again)) throw new Error('it is refreshed')
      expect(grantOf(again.session)).toEqual(grantOf(victim))
      expect(ofKind(await store.sessions.list(all(subject)), 'listed').sessions).toHaveLength(2)
    })

    test('keeps no other session from a new scope, and none from being ended', async () => {
      const scene = await sceneOf()
      const { victim, sibling, subject } = scene
      await change.make(scene)
      const renewal = { ...all(subject), known: NOTHING, scope: 'less' }
      expect(ofKind(await store.sessions.renew(renewal), 'renewed').sessions).toHaveLength(2)
      expect(await refresh(sibling)).toMatchObject({ kind: 'rotated', session: { scope: 'less' } })
      expect(await store.sessions.read(victim.id)).toEqual(UNAVAILABLE)
      expect(ofKind(await store.sessions.endSubject(all(subject)), 'ended').sessions).toHaveLength(2)
      expect(await store.sessions.read(victim.id)).toEqual({ kind: 'unknown' })
    })

    test('stops a log-out of all others that would keep it before anything has ended', async () => {
      const scene = await sceneOf()
      const restore = await change.make(scene)
      const ending = { ...all(scene.subject), except: scene.victim.id }
      expect(await store.sessions.endSubject(ending)).toEqual(UNAVAILABLE)
      await restore()
      for (const session of [scene.victim, scene.sibling])
        expect(await refresh(session)).toMatchObject({ kind: 'rotated' })
    })
  },
)

test('another subject makes all sessions under it unavailable until it is as it was', async () => {
  const { victim, sibling, strangers, subject } = await sceneOf()
  const { key } = await placeOf(victim)
  const restore = await write(key, '@', strangers.subject)
  for (const session of [victim, sibling]) {
    expect(await store.sessions.rotate(rotation(session))).toEqual(UNAVAILABLE)
    expect(await store.sessions.read(session.id)).toEqual(UNAVAILABLE)
  }
  expect(await store.sessions.list(all(subject))).toEqual(UNAVAILABLE)
  expect(new Set(notices).size).toBe(notices.length)
  await restore()
  expect(await store.sessions.rotate(rotation(victim))).toMatchObject({ session: { subject: subject.name } })
})

test("a session that is copied under another user's id, with all that belongs to it, is nobody's", async () => {
  const { victim, strangers } = await sceneOf()
  const [own, other] = await Promise.all([placeOf(victim), placeOf(strangers)])
  await admin.hset(own.key, {
    '@': strangers.subject,
    [own.state.toString('latin1')]: 'replaced below',
  })
  await admin.hset(own.key, own.state, await valueAt(other.key, other.state))
  await admin.hset(own.key, own.grant, await valueAt(other.key, other.grant))
  expect(await store.sessions.rotate(rotation(victim))).toEqual(UNAVAILABLE)
  expect(await store.sessions.read(victim.id)).toEqual(UNAVAILABLE)
})

test('long grants and subjects are kept and checked like short ones', async () => {
  for (const length of [300, 900, 1100, 5000]) {
    const scope = 's'.repeat(length)
    const session = await opened(store, opening(newSubject(), { grant: { scope } }))
    expect(await store.sessions.read(session.id)).toMatchObject({ session: { scope } })
    const { key, grant } = await placeOf(session)
    await admin.hset(key, grant, Buffer.concat([await valueAt(key, grant), Buffer.from('x')]))
    expect(await store.sessions.read(session.id)).toEqual(UNAVAILABLE)
  }
})

describe('when the secret is replaced', () => {
  const [earlier, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

  test('a session that was refreshed meanwhile outlives the earlier one, and others do not', async () => {
    const before = await openStore({ integrityKeys: [earlier] })
    const subject = newSubject()
    const session = await opened(before, opening(subject, { grant: GRANT }))
    const idle = await opened(before, opening(subject))
    await before.close()

    const both = await openStore({ integrityKeys: [next, earlier] })
    const { key, grant } = await placeOf(session)
    const stored = await valueAt(key, grant)
    expect(await both.sessions.rotate(rotation(session))).toMatchObject({ kind: 'rotated' })
    expect(await both.sessions.read(idle.id)).toMatchObject({ kind: 'read' })
    await vi.waitUntil(async () => !(await valueAt(key, grant)).equals(stored))
    await both.close()

    const after = await openStore({ integrityKeys: [next] })
    const again = ofKind(await after.sessions.rotate(rotation(session, { generation: 2 })), 'rotated')
    expect(grantOf(again.session)).toEqual(grantOf(session))
    expect(await after.sessions.read(idle.id)).toEqual(UNAVAILABLE)
    const listed = ofKind(await after.sessions.list(all(subject)), 'listed').sessions
    expect(listed.map(({ id }) => id)).toEqual([session.id])
    await after.close()
  })

  test('a new scope is under the new one', async () => {
    const before = await openStore({ integrityKeys: [earlier] })
    const subject = newSubject()
    const session = await opened(before, opening(subject))
    const both = await openStore({ integrityKeys: [next, earlier] })
    await both.sessions.renew({ ...all(subject), known: NOTHING, scope: 'less' })
    const after = await openStore({ integrityKeys: [next] })
    expect(await after.sessions.read(session.id)).toMatchObject({ session: { scope: 'less' } })
    for (const one of [before, both, after]) await one.close()
  })

  test('a refresh that seals anew undoes no new scope', async () => {
    const before = await openStore({ integrityKeys: [earlier] })
    const both = await openStore({ integrityKeys: [next, earlier] })
    for (let round = 0; round < 100; round++) {
      const subject = newSubject()
      const sessions = await Promise.all([1, 2, 3].map(() => opened(before, opening(subject))))
      const [renewed] = await Promise.all([
        both.sessions.renew({ ...all(subject), known: NOTHING, scope: 'less' }),
        ...sessions.map((session) => both.sessions.rotate(rotation(session))),
      ])
      expect(renewed.kind).toBe('renewed')
      await both.ping()
      for (const { id } of sessions)
        expect(await both.sessions.read(id)).toMatchObject({ session: { scope: 'less' } })
    }
    await before.close()
    await both.close()
  })
})

test('of two new scopes at once, all sessions get the same one', async () => {
  const other = await openStore()
  for (let round = 0; round < 100; round++) {
    const subject = newSubject()
    const sessions = await Promise.all(Array.from({ length: 8 }, () => opened(store, opening(subject))))
    const [one, two] = await Promise.all([
      store.sessions.renew({ ...all(subject), known: NOTHING, scope: 'one' }),
      other.sessions.renew({ ...all(subject), known: NOTHING, scope: 'two' }),
    ])
    expect([one.kind, two.kind]).toEqual(['renewed', 'renewed'])
    const listed = ofKind(await store.sessions.list(all(subject)), 'listed').sessions
    expect(listed).toHaveLength(sessions.length)
    expect(new Set(listed.map(({ scope }) => scope)).size).toBe(1)
  }
  await other.close()
})

test('whoever clears the flag of a session that is bound to a key gets no tokens for it without the key', async () => {
  const session = await opened(store, opening(newSubject()))
  const key = boundKeyOf('A')
  const all = { at: START, lifetimes: LIFETIMES, known: NOTHING }
  ofKind(await store.sessions.bindKey({ id: session.id, key, ...all }), 'bound')
  const unproven = rotation(session, { at: START + 2 * GRACE, keyProof: {} })
  expect(await store.sessions.rotate(unproven)).toEqual({ kind: 'unproven' })
  const restore = await flip(session, FLAGS.boundKey)
  expect(await store.sessions.rotate(unproven)).toEqual(UNAVAILABLE)
  expect(await store.sessions.read(session.id)).toEqual(UNAVAILABLE)
  await restore()
  expect(await store.sessions.rotate(unproven)).toEqual({ kind: 'unproven' })
})
