import { createSallyport, type Session } from '@sallyport/core'
import type { SessionId, Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import type { Redis } from 'ioredis'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { storeContext } from '../support/store-context.ts'
import {
  confirmed,
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

const SLOW_MICROSECONDS = 5000
const AT_ONCE = 250
const AT = START + SECOND

let redis: RedisServer
let admin: Redis
let store: Store
let other: Store
/** Waits for as long as a busy machine takes to carry out hundreds of sign-ins at once. */
let patient: Store

beforeAll(async () => {
  redis = await startRedis()
  admin = redisClient(redis)
  const open = (commandTimeoutMs: number) =>
    redisStore({ url: redis.url, time: 'caller', commandTimeoutMs }).open(storeContext)
  store = await open(2000)
  other = await open(2000)
  patient = await open(60_000)
})
afterAll(async () => {
  await store.close()
  await other.close()
  await patient.close()
  admin.disconnect()
  await redis.stop()
})

/** A subject with so many sessions. `restore` puts them back as they were. */
interface Crowd {
  readonly subject: Subject
  readonly sessions: readonly Session[]
  readonly ids: ReadonlySet<SessionId>
  readonly key: string
  restore(): Promise<void>
}

async function crowdOf(size: number): Promise<Crowd> {
  const subject = newSubject()
  const sessions: Session[] = []
  while (sessions.length < size) {
    const openings = Array.from({ length: AT_ONCE }, () => opening(subject))
    sessions.push(...(await Promise.all(openings.map((one) => opened(patient, one)))))
  }
  const [key = ''] = await admin.keys(`*:u:${subject.tag}`)
  const content = await admin.dumpBuffer(key)
  return {
    subject,
    sessions,
    ids: new Set(sessions.map(({ id }) => id)),
    key,
    async restore() {
      await admin.flushall()
      await admin.restore(key, 3_600_000, content)
    },
  }
}

const all = ({ subject }: Crowd) => ({ tag: subject.tag, at: AT, lifetimes: LIFETIMES })

/** One command of a step. */
interface Timing {
  readonly command: string
  readonly microseconds: number
}

/** Another process may hold up the server in the middle of a command, but hardly each time. */
const ROUNDS_TO_MEASURE = 30

/** The commands of a step that are slow each time. Before each, `prepare` brings about what the step finds. */
async function slow(prepare: () => Promise<unknown>, step: () => Promise<unknown>): Promise<Timing[]> {
  let fastest: readonly Timing[] = []
  for (let round = 0; round < ROUNDS_TO_MEASURE; round++) {
    await prepare()
    await admin.slowlog('RESET')
    expect(await step()).not.toEqual({ kind: 'unavailable' })
    const timings = await logged()
    fastest =
      fastest.length === timings.length
        ? timings.map((one, index) => faster(one, fastest[index] ?? one))
        : timings
    if (fastest.length > 0 && fastest.every(isQuick)) return []
  }
  return fastest.filter((one) => !isQuick(one))
}

const faster = (one: Timing, two: Timing): Timing => (one.microseconds < two.microseconds ? one : two)
const isQuick = ({ microseconds }: Timing): boolean => microseconds < SLOW_MICROSECONDS

/** The scripts and commands that the server has carried out, the first one first. */
async function logged(): Promise<Timing[]> {
  const entries = await admin.slowlog('GET', -1)
  return (Array.isArray(entries) ? entries : [])
    .map((entry: unknown[]) => ({
      command: String(entry[3]).split(',')[0] ?? '',
      microseconds: Number(entry[2]),
    }))
    .filter(({ command }) => !/^(slowlog|config)$/i.test(command))
    .toReversed()
}

describe('of a user with ten thousand sessions', () => {
  let crowd: Crowd
  let kept: Session
  beforeAll(async () => {
    crowd = await crowdOf(10_000)
    const [first] = crowd.sessions
    if (first === undefined) throw new Error('there are sessions')
    kept = first
  })
  beforeEach(async () => {
    await crowd.restore()
    await admin.config('SET', 'slowlog-max-len', 10_000)
    await admin.config('SET', 'slowlog-log-slower-than', 0)
  })
  afterEach(() => admin.config('SET', 'slowlog-log-slower-than', -1))

  function putBack(): Promise<unknown> {
    const { revocations } = store
    const lost = [...crowd.ids].map((session) => ({ kind: 'session', session }) as const)
    return revocations.assert(revocations.shardOfSession(kept.id), lost, AT)
  }

  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a sign-in', () => store.sessions.open(opening(crowd.subject, { at: AT }))],
    [
      'a sign-in under a limit',
      () => store.sessions.open(opening(crowd.subject, { at: AT, sessionLimit: 100 })),
    ],
    [
      'a sign-in under the highest limit',
      () => store.sessions.open(opening(crowd.subject, { at: AT, sessionLimit: 1000 })),
    ],
    ['a refresh', () => store.sessions.rotate(rotation(kept))],
    ['a refresh that is seen in use', () => confirmed(store, kept)],
    ['a reading', () => store.sessions.read(kept.id)],
    ['a list', () => store.sessions.list({ ...all(crowd), include: kept.id })],
    ['a log-out', () => store.sessions.end({ id: kept.id, at: AT, evenIfAbsent: false })],
    ['a log-out everywhere', () => store.sessions.endSubject(all(crowd))],
    ['a log-out everywhere else', () => store.sessions.endSubject({ ...all(crowd), except: kept.id })],
    ['a renewal of all tokens', () => store.sessions.renew({ ...all(crowd), known: NOTHING })],
    ['a change of rights', () => store.sessions.renew({ ...all(crowd), known: NOTHING, scope: 'other' })],
    ['what puts all their revocations back', putBack],
  ]
  test.each(steps)('%s is no slow command', async (_name, step) => {
    expect(await slow(crowd.restore, step)).toEqual([])
  })

  test('nor is the sign-in of one who has as many as the highest limit allows', async () => {
    const sessionLimit = 1000
    async function asMany(): Promise<void> {
      await crowd.restore()
      const first = opening(crowd.subject, { at: AT, sessionLimit })
      expect(ofKind(await store.sessions.open(first), 'opened').ended).toHaveLength(9001)
    }
    async function next(): Promise<void> {
      const one = opening(crowd.subject, { at: AT + 1, sessionLimit })
      expect(ofKind(await store.sessions.open(one), 'opened').ended).toHaveLength(1)
    }
    expect(await slow(asMany, next)).toEqual([])
  })

  test('all are ended and revoked by a log-out everywhere', async () => {
    const { sessions } = ofKind(await store.sessions.endSubject(all(crowd)), 'ended')
    expect(new Set(sessions)).toEqual(crowd.ids)
    expect(await revokedSessions(other, crowd.subject.tag)).toEqual(crowd.ids)
    expect(await admin.hkeys(crowd.key)).not.toContain('x')
  })

  test('an application sees the latest', async () => {
    const driver = redisStore({ url: redis.url, time: 'caller' })
    const { integrityKeys } = storeContext
    const sallyport = await createSallyport({
      // Its secret is not what the sessions are sealed under.
      store: { ...driver, open: (context) => driver.open({ ...context, integrityKeys }) },
      secret: `${'a'.repeat(16)}0123456789abcdef`,
      clock: { now: () => AT, monotonic: () => performance.now() },
    })
    // Whatever a process that goes on puts back would end the sessions of other tests.
    onTestFinished(() => sallyport.close())
    const listed = await sallyport.sessions.list(crowd.subject.name)
    expect(listed).toHaveLength(100)
    expect(listed.more).toBe(true)
    const nothing = () => Promise.resolve()
    expect(await slow(nothing, () => sallyport.sessions.list(crowd.subject.name))).toEqual([])
  })
})

describe('of a user with a thousand sessions', () => {
  const ROUNDS = 40
  let crowd: Crowd
  beforeAll(async () => {
    crowd = await crowdOf(1000)
  })
  beforeEach(() => crowd.restore())

  test('a sign-in that races a log-out everywhere is ended by it and told, or lives', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await crowd.restore()
      const ending = store.sessions.endSubject(all(crowd))
      const racing: Session[] = []
      let isUnderWay = true
      const signingIn = (async () => {
        while (isUnderWay) racing.push(await opened(other, opening(crowd.subject, { at: AT })))
      })()
      const ended = new Set(ofKind(await ending, 'ended').sessions)
      isUnderWay = false
      await signingIn
      const after = await opened(store, opening(crowd.subject, { at: AT }))
      for (const id of crowd.ids) expect(ended).toContain(id)
      expect(racing.length).toBeGreaterThan(0)
      for (const session of [...racing, after]) {
        const { kind } = await other.sessions.rotate(rotation(session, { at: AT }))
        expect(kind).toBe(ended.has(session.id) ? 'unknown' : 'rotated')
      }
      expect(ended).not.toContain(after.id)
    }
  })

  test('no session can be used once a log-out everywhere has begun, whichever slice is under way', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await crowd.restore()
      const ending = store.sessions.endSubject(all(crowd))
      // Commands of one connection are carried out in turn: this one comes after the first step.
      const session = crowd.sessions[round * 20]
      if (session === undefined) throw new Error('there are a thousand sessions')
      await vi.waitUntil(() => admin.hexists(crowd.key, 'x'), { interval: 0 })
      expect(await other.sessions.rotate(rotation(session))).toEqual({ kind: 'unknown' })
      expect(await other.sessions.read(session.id)).toEqual({ kind: 'unknown' })
      expect(ofKind(await ending, 'ended').sessions).toContain(session.id)
    }
  })

  test('of two log-outs at once, each session is told by one, and the session that one of them keeps lives', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await crowd.restore()
      const [kept] = crowd.sessions
      if (kept === undefined) throw new Error('there are a thousand sessions')
      const outcomes = await Promise.all([
        store.sessions.endSubject({ ...all(crowd), except: kept.id }),
        other.sessions.endSubject({ ...all(crowd), except: kept.id }),
      ])
      const ended = outcomes.flatMap((outcome) => ofKind(outcome, 'ended').sessions)
      expect(ended).toHaveLength(crowd.ids.size - 1)
      expect(new Set([...ended, kept.id])).toEqual(crowd.ids)
      expect(await store.sessions.read(kept.id)).toMatchObject({ session: { generation: 5 } })
    }
  })

  test('a session that is over already is not kept', async () => {
    const [one, two] = crowd.sessions
    if (one === undefined || two === undefined) throw new Error('there are a thousand sessions')
    await admin.hset(crowd.key, 'x', `${AT}:`)
    const outcome = ofKind(await store.sessions.endSubject({ ...all(crowd), except: two.id }), 'ended')
    expect(outcome).not.toHaveProperty('kept')
    expect(new Set(outcome.sessions)).toEqual(crowd.ids)
    expect(await store.sessions.read(two.id)).toEqual({ kind: 'unknown' })
  })

  test('sessions from a clock that is ahead are ended, too', async () => {
    const ahead = await opened(store, opening(crowd.subject, { at: AT + 5 * SECOND }))
    const { sessions } = ofKind(await store.sessions.endSubject(all(crowd)), 'ended')
    expect(sessions).toContain(ahead.id)
    expect(await store.sessions.read(ahead.id)).toEqual({ kind: 'unknown' })
  })

  test('sessions that expired are dropped as others sign in', async () => {
    const at = START + LIFETIMES.idleMs
    for (let index = 0; index < 100; index++) await opened(store, opening(crowd.subject, { at }))
    expect(await admin.hlen(crowd.key)).toBeLessThan(300)
  })
})

test('a log-out everywhere that is broken off leaves no session that can be used, and can be repeated', async () => {
  const crowd = await crowdOf(10_000)
  const ending = store.sessions.endSubject(all(crowd))
  await vi.waitUntil(() => admin.hexists(crowd.key, 'x'), { interval: 0 })
  redis.kill('SIGSTOP')
  expect(await ending).toEqual({ kind: 'unavailable' })
  redis.kill('SIGCONT')
  await vi.waitUntil(() => store.ping())
  expect(await admin.hlen(crowd.key)).toBeGreaterThan(1000)
  for (const session of crowd.sessions.filter((_, index) => index % 100 === 0)) {
    expect(await store.sessions.rotate(rotation(session))).toEqual({ kind: 'unknown' })
    expect(await store.sessions.read(session.id)).toEqual({ kind: 'unknown' })
  }
  expect(await store.sessions.list(all(crowd))).toEqual({ kind: 'listed', sessions: [], more: false })
  const ended = ofKind(await store.sessions.endSubject(all(crowd)), 'ended').sessions
  expect(ended.length).toBeGreaterThan(0)
  expect(await revokedSessions(store, crowd.subject.tag)).toEqual(crowd.ids)
})

test('a sign-in under a limit ends sessions that a broken-off log-out left', async () => {
  const crowd = await crowdOf(2000)
  await admin.hset(crowd.key, 'x', `${AT}:`)
  const next = opening(crowd.subject, { at: AT, sessionLimit: 5 })
  const { ended, session } = ofKind(await store.sessions.open(next), 'opened')
  expect(new Set(ended)).toEqual(crowd.ids)
  expect(session.createdAt).toBe(AT + 1)
  expect(await revokedSessions(store, crowd.subject.tag)).toEqual(crowd.ids)
})
