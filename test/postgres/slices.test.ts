import type { Session } from '@sallyport/core'
import { type SessionId, type Store, type SubjectEnding, shardOfTag } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import { Client } from 'pg'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
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
} from '../contract/fixtures.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

// However many sessions a user has, no transaction holds the row of the shard, which others wait for, for many of them.

const VERY_MANY = 20_000
const SOME = 450
const OTHERS = 200
/** Sessions that one transaction may change. */
const SLICE = 200
const AT = START + SECOND
const WAIT = { timeout: 10_000, interval: 10 }

const postgres = await startPostgres()
afterAll(() => postgres.stop())
let url: string
/** Two processes, as far as the server can tell. */
let store: Store
let other: Store
beforeEach(async () => {
  url = await postgres.createDatabase()
  const driver = postgresStore({ url, time: 'caller', commandTimeoutMs: 10_000 })
  const both = [await driver.open(storeContext), await driver.open(storeContext)] as const
  ;[store, other] = both
  onTestFinished(async () => {
    for (const one of both) await one.close()
  })
})

const query = (sql: string) => postgres.query(sql, url)
const endAll = ({ tag }: Subject, more: Partial<SubjectEnding> = {}) =>
  store.sessions.endSubject({ tag, at: AT, lifetimes: LIFETIMES, ...more })

/** Copies a session many times. Nobody can refresh the copies, since their seals do not fit. */
async function copied({ tag }: Subject, { id }: Session, times: number): Promise<void> {
  await query(`CREATE TEMP TABLE copies AS SELECT * FROM sallyport.sessions WHERE id = '${id}';
    INSERT INTO sallyport.sessions SELECT c.* FROM generate_series(1, ${times}) AS n, copies, LATERAL (
      SELECT (jsonb_populate_record(copies, jsonb_build_object('created_at', copies.created_at - n, 'id', '${tag}'
        || left(translate(encode(sha256(n::text::bytea), 'base64'), '+/', '-_'), 21) || 'A'))).*) AS c`)
}

async function someSessions(subject: Subject, count = SOME): Promise<readonly Session[]> {
  return Promise.all(Array.from({ length: count }, () => opened(store, opening(subject))))
}

/** The most rows of a table that one transaction has written as they are. */
async function mostAtOnce(table: string, where = 'true'): Promise<number> {
  const [row] = await query(`SELECT coalesce(max(n), 0)::integer AS most FROM (
    SELECT count(*) AS n FROM sallyport.${table} WHERE ${where} GROUP BY xmin::text) AS counted`)
  return Number(row?.most)
}

async function count(from: string): Promise<number> {
  const [row] = await query(`SELECT count(*)::integer AS n FROM ${from}`)
  return Number(row?.n)
}

const left = ({ tag }: Subject) => count(`sallyport.sessions WHERE tag = '${tag}' AND ended_at IS NULL`)
const told = () =>
  query('SELECT session FROM sallyport.outbox').then((rows) => rows.map((row) => row.session))

/** Subjects of the shard of another one. */
function neighbours({ tag }: Subject, number: number): readonly Subject[] {
  const found: Subject[] = []
  while (found.length < number) {
    const subject = newSubject()
    if (shardOfTag(subject.tag) === shardOfTag(tag)) found.push(subject)
  }
  return found
}

test(`while ${VERY_MANY} sessions of one user end, others sign out and refresh in between`, async () => {
  const subject = newSubject()
  const first = await opened(store, opening(subject))
  await copied(subject, first, VERY_MANY - 1)
  const others = await Promise.all(neighbours(subject, OTHERS).map((one) => opened(other, opening(one))))

  let isUnderWay = true
  const ending = endAll(subject).finally(() => {
    isUnderWay = false
  })
  const meanwhile: SessionId[] = []
  let longest = 0
  for (const { id } of others) {
    if (!isUnderWay) break
    const began = performance.now()
    ofKind(await other.sessions.rotate(rotation({ id })), 'rotated')
    ofKind(await other.sessions.end({ id, at: AT, evenIfAbsent: false }), 'ended')
    longest = Math.max(longest, performance.now() - began)
    meanwhile.push(id)
  }
  const { sessions } = ofKind(await ending, 'ended')
  console.log(
    `while ${VERY_MANY} sessions ended: ${meanwhile.length} refreshes and log-outs of others, both after at most ${longest.toFixed(0)} ms`,
  )
  expect(meanwhile.length).toBeGreaterThan(10)
  expect(new Set(sessions).size).toBe(VERY_MANY)
  expect(await left(subject)).toBe(0)
  expect(await mostAtOnce('sessions', 'ended_at IS NOT NULL')).toBe(SLICE)
  expect(await mostAtOnce('revocations')).toBe(SLICE)
  const messages = await told()
  expect(messages).toHaveLength(VERY_MANY + meanwhile.length)
  expect(new Set(messages)).toEqual(new Set([...sessions, ...meanwhile]))
})

describe('an ending that breaks off in the middle', () => {
  let subject: Subject
  /** The latest of its sessions, whose row ends first. */
  let latest: Session
  /** Holds the session whose row ends last. */
  let holder: Client
  beforeEach(async () => {
    subject = newSubject()
    latest = await opened(store, opening(subject))
    await copied(subject, latest, SOME - 1)
    holder = new Client({ connectionString: url })
    await holder.connect()
    onTestFinished(() => holder.end())
  })

  const idsWhere = async (condition: string): Promise<readonly SessionId[]> => {
    const rows = await query(
      `SELECT id FROM sallyport.sessions WHERE tag = '${subject.tag}' AND ${condition} ORDER BY created_at, id`,
    )
    return rows.map(({ id }) => id as SessionId)
  }

  async function breakOff(more: Partial<SubjectEnding> = {}): Promise<void> {
    const [last] = await idsWhere('true')
    await holder.query('BEGIN')
    await holder.query('SELECT FROM sallyport.sessions WHERE id = $1 FOR UPDATE', [last])
    const ending = endAll(subject, more)
    const blocked = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND datname = current_database()`
    await vi.waitFor(async () => expect(await query(blocked)).toHaveLength(1), WAIT)
    expect(await ending).toEqual({ kind: 'unavailable' })
    await holder.query('ROLLBACK')
    expect(await idsWhere('ended_at IS NOT NULL')).toHaveLength(
      2 * SLICE - (more.except === undefined ? 0 : 1),
    )
  }

  test('leaves no session that can be used, and the next one finishes it', async () => {
    await breakOff()
    const rest = await idsWhere('ended_at IS NULL')
    for (const id of rest.slice(0, 5)) {
      expect(await other.sessions.rotate(rotation({ id }))).toEqual({ kind: 'unknown' })
      expect(await other.sessions.read(id)).toEqual({ kind: 'unknown' })
      expect(await other.sessions.end({ id, at: AT, evenIfAbsent: false })).toEqual({ kind: 'absent' })
    }
    const list = { tag: subject.tag, at: AT, lifetimes: LIFETIMES }
    expect(await other.sessions.list(list)).toEqual({ kind: 'listed', sessions: [], more: false })
    const states = await query('SELECT DISTINCT state, why FROM sallyport.session_states')
    expect(states).toEqual([{ state: 'ended', why: 'subject' }])
    // It is not forgotten before all has been told.
    expect(await other.sessions.erase(subject.tag, AT)).toEqual({ kind: 'in_use' })

    const again = ofKind(await endAll(subject), 'ended')
    expect(new Set(again.sessions)).toEqual(new Set(rest))
    expect(await left(subject)).toBe(0)
    const ids = new Set<unknown>(await idsWhere('true'))
    expect(await revokedSessions(other, subject.tag)).toEqual(ids)
    const messages = await told()
    expect(messages).toHaveLength(SOME)
    expect(new Set(messages)).toEqual(ids)
    ofKind(await other.sessions.erase(subject.tag, AT), 'erased')
    expect(await count('sallyport.sessions')).toBe(0)
  })

  test('is finished by a sign-in that makes room, too, and leaves the new session alone', async () => {
    await breakOff()
    const next = opening(subject, { at: AT, sessionLimit: 5 })
    const { ended, session } = ofKind(await other.sessions.open(next), 'opened')
    expect(ended).toHaveLength(SOME - 2 * SLICE)
    expect(await told()).toHaveLength(SOME)
    ofKind(await other.sessions.rotate(rotation(session, { at: AT })), 'rotated')
    expect(await idsWhere('ended_at IS NULL')).toEqual([session.id])
  })

  test('keeps the session that was to be kept as it is', async () => {
    await breakOff({ except: latest.id })
    const { sessions: listed } = ofKind(
      await other.sessions.list({ tag: subject.tag, at: AT, lifetimes: LIFETIMES }),
      'listed',
    )
    expect(listed).toEqual([latest])
    const again = ofKind(await endAll(subject, { except: latest.id }), 'ended')
    expect(again.kept).toEqual({ ...latest, generation: 3, rotatedAt: AT })
  })
})

test('a new scope, and what is forgotten, goes through the sessions in slices as well', async () => {
  const subject = newSubject()
  await someSessions(subject)
  const renewal = { tag: subject.tag, at: AT, lifetimes: LIFETIMES, known: NOTHING, scope: 'notes:read' }
  expect(ofKind(await store.sessions.renew(renewal), 'renewed').sessions).toHaveLength(SOME)
  expect(await mostAtOnce('sessions', `scope = 'notes:read'`)).toBe(SLICE)
  const room = ofKind(await store.sessions.open(opening(subject, { at: AT, sessionLimit: 3 })), 'opened')
  expect(room.ended).toHaveLength(SOME - 2)
  expect(await mostAtOnce('sessions', `end_kind = 'limit'`)).toBe(SLICE)
  expect(await mostAtOnce('revocations')).toBe(SLICE)
  ofKind(await endAll(subject), 'ended')
  ofKind(await store.sessions.erase(subject.tag, AT), 'erased')
  expect(await count('sallyport.sessions')).toBe(0)
})
