import type { Store } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import { Client } from 'pg'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LIFETIMES, NOTHING, newSubject, ofKind, opened, opening, rotation } from '../contract/fixtures.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

const WAIT = { timeout: 10_000, interval: 10 }
const LATEST_SHARD = 15

const postgres = await startPostgres()
let url: string
let store: Store
/** Holds locks, in a transaction of its own. */
let holder: Client
beforeEach(async () => {
  url = await postgres.createDatabase()
  store = await postgresStore({ url, commandTimeoutMs: 20_000 }).open(storeContext)
  holder = new Client({ connectionString: url })
  await holder.connect()
})
afterEach(async () => {
  await holder.end()
  await store.close()
})
afterAll(() => postgres.stop())

/** The clock of the server, in milliseconds since the epoch. */
async function serverNow(): Promise<number> {
  const { rows } = await holder.query('SELECT extract(epoch from clock_timestamp()) * 1000 AS now')
  return Number(rows[0]?.now)
}

/** Waits for a step that waits for a lock. */
async function waiting(): Promise<void> {
  // A transaction sees the state of the server as it was when it first asked.
  const blocked = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  await vi.waitFor(async () => expect(await postgres.query(blocked, url)).toHaveLength(1), WAIT)
}

async function waitUntil(milliseconds: number): Promise<void> {
  await vi.waitFor(async () => expect(await serverNow()).toBeGreaterThanOrEqual(milliseconds), WAIT)
}

test('everything ends up to an instant after all that was waited for', async () => {
  await holder.query('BEGIN')
  await holder.query('SELECT FROM sallyport.shards WHERE shard = $1 FOR UPDATE', [LATEST_SHARD])
  const ending = store.revocations.revokeAll(0)
  await waiting()
  const released = Math.floor(await serverNow())
  await holder.query('COMMIT')
  const { revocation } = ofKind(await ending, 'revoked')
  expect(revocation.until).toBeGreaterThanOrEqual(released)
})

test('an end of everything that takes long gets a later mark', async () => {
  await holder.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) < 16 FROM sallyport.revocations) THEN PERFORM pg_sleep(0.05); END IF;
    RETURN NEW; END $$`)
  await holder.query(
    'CREATE TRIGGER slow BEFORE INSERT ON sallyport.revocations FOR EACH ROW EXECUTE FUNCTION slow()',
  )
  const { revocation } = ofKind(await store.revocations.revokeAll(0), 'revoked')
  const { rows } = await holder.query(
    'SELECT count(DISTINCT ended_until) AS marks, max(ended_until) AS until FROM sallyport.shards',
  )
  expect(rows).toEqual([{ marks: '1', until: String(revocation.until) }])
  const told = await holder.query('SELECT FROM sallyport.revocations')
  expect(told.rowCount).toBeGreaterThanOrEqual(2 * 16)
})

test('tokens are renewed up to an instant at which all sessions were changed', async () => {
  const subject = newSubject()
  const { id } = await opened(store, opening(subject, { at: Date.now() }))
  await holder.query('BEGIN')
  await holder.query('SELECT FROM sallyport.sessions WHERE id = $1 FOR UPDATE', [id])
  const began = await serverNow()
  const renewal = { tag: subject.tag, at: 0, lifetimes: LIFETIMES, known: NOTHING, scope: 'notes:read' }
  const renewing = store.sessions.renew(renewal)
  await waiting()
  await waitUntil(began + 1000)
  const released = Math.floor((await serverNow()) / 1000)
  await holder.query('COMMIT')
  const { revocation } = ofKind(await renewing, 'renewed')
  expect(revocation.notBefore).toBeGreaterThanOrEqual(released + 2)
})

test('a refresh that waited while everything ended issues no token', async () => {
  const session = await opened(store, opening(newSubject()))
  await holder.query('BEGIN')
  await holder.query('SELECT FROM sallyport.sessions WHERE id = $1 FOR UPDATE', [session.id])
  const began = await serverNow()
  const refreshing = store.sessions.rotate(rotation(session))
  await waiting()
  ofKind(await store.revocations.revokeAll(0), 'revoked')
  await waitUntil(began + 1000)
  await holder.query('COMMIT')
  expect(await refreshing).toEqual({ kind: 'unavailable' })
})
