import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sallyport/core/store'
import { type PostgresStoreOptions, postgresStore } from '@sallyport/postgres'
import { Pool } from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newSubject, ofKind, opened, opening, rotation } from '../contract/fixtures.ts'
import { configFault } from '../support/config-fault.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

/** A connection that listens was tried again by then. */
const FIRST_RETRIES_MS = 400
const RECOVERY = { timeout: 20_000, interval: 50 }

const postgres = await startPostgres()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
afterAll(() => postgres.stop())

async function open(options: PostgresStoreOptions): Promise<Store> {
  const store = await postgresStore({ time: 'caller', commandTimeoutMs: 10_000, ...options }).open(
    storeContext,
  )
  stores.push(store)
  return store
}

/** Signs in, refreshes and signs out. */
async function use(store: Store): Promise<void> {
  const session = await opened(store, opening(newSubject()))
  ofKind(await store.sessions.rotate(rotation(session)), 'rotated')
  ofKind(await store.sessions.end({ id: session.id, at: rotation(session).at, evenIfAbsent: false }), 'ended')
}

test.each([false, true])('two stores share a pool without a warning (pipeline: %s)', async (pipeline) => {
  const warnings: string[] = []
  const listen = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', listen)
  const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 1, pipeline })
  try {
    const [one, other] = [await open({ pool, schema: 'one' }), await open({ pool, schema: 'other' })]
    for (const store of [one, other, one]) await use(store)
    for (const store of stores.splice(0)) await store.close()
  } finally {
    process.off('warning', listen)
    await pool.end()
  }
  expect(warnings).toEqual([])
})

test('a server that writes bytes in its old format is read as well', async () => {
  const url = await postgres.createDatabase()
  await postgres.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET bytea_output = 'escape'`)
  const store = await open({ url })
  // A seal has any bytes: some of these have a backslash, and some a quote.
  for (let round = 0; round < 20; round++) await use(store)
})

test('a right that is missing on any table is refused at the start, and later it is not ready', async () => {
  const url = await postgres.createDatabase()
  const store = await open({ url })
  await postgres.query(
    `CREATE ROLE app LOGIN PASSWORD 'app'; GRANT USAGE ON SCHEMA sallyport TO app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sallyport TO app`,
    url,
  )
  const own = url.replace('sallyport@', 'app:app@')
  const allowed = await open({ url: own, migrate: 'check' })
  await use(allowed)
  expect(await allowed.ping()).toBe(true)
  await postgres.query('REVOKE DELETE ON sallyport.api_keys FROM app', url)
  const { message } = await configFault(() => open({ url: own, migrate: 'check' }))
  expect(message).toContain('does not let this user change the table "api_keys"')
  await postgres.query('REVOKE UPDATE ON sallyport.shards FROM app', url)
  expect(await allowed.ping()).toBe(false)
  expect(await store.ping()).toBe(true)
})

describe('a file that an address names', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-files-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const addressOf = (name: string): string =>
    `postgres://app:secret@127.0.0.1:1/app?sslmode=no-verify&sslrootcert=${join(folder, name)}`

  test('is missing when the store is opened: it is refused, and the password is not shown', async () => {
    const { message } = await configFault(() => open({ url: addressOf('missing.pem') }))
    expect(message).toBe(
      `"postgres.url" or "postgres.pool" cannot be used: it names ${join(folder, 'missing.pem')} (ENOENT)`,
    )
  })

  test('is gone while requests wait for a connection: they are unavailable, and the process goes on', async () => {
    const faults: unknown[] = []
    const listen = (fault: unknown): void => void faults.push(fault)
    process.on('uncaughtException', listen)
    try {
      await writeFile(join(folder, 'there.pem'), '')
      const store = await open({ url: addressOf('there.pem'), maxConnections: 1 })
      // The first one makes a client while the file is there. It is made for the next when the first could not connect.
      const steps = Array.from({ length: 5 }, () => store.revocations.marks())
      rmSync(join(folder, 'there.pem'))
      expect(await Promise.all(steps)).toEqual(steps.map(() => ({ kind: 'unavailable' })))
    } finally {
      process.off('uncaughtException', listen)
    }
    expect(faults).toEqual([])
  })

  test('is gone later: the store tries again, and the process goes on', async () => {
    const faults: unknown[] = []
    const listen = (fault: unknown): void => void faults.push(fault)
    process.on('uncaughtException', listen)
    try {
      await writeFile(join(folder, 'there.pem'), '')
      const store = await open({ url: addressOf('there.pem') })
      await rm(join(folder, 'there.pem'))
      await sleep(FIRST_RETRIES_MS)
      expect(await store.ping()).toBe(false)
    } finally {
      process.off('uncaughtException', listen)
    }
    expect(faults).toEqual([])
  })
})

test('a server that comes back and refuses is asked again, until whoever runs it has mended that', async () => {
  const other = await startPostgres()
  const notices: string[] = []
  try {
    const url = new URL(await other.createDatabase())
    url.pathname = '/later'
    await other.kill()
    const driver = postgresStore({ url: url.href, commandTimeoutMs: 10_000 })
    const store = await driver.open({ ...storeContext, notice: (message) => void notices.push(message) })
    stores.push(store)
    await other.restart()
    const refused = 'PostgreSQL does not have this database (3D000): create it, or correct its name'
    await vi.waitFor(() => expect(notices).toContain(refused), RECOVERY)
    await other.query('CREATE DATABASE later')
    await vi.waitFor(async () => expect(await store.ping()).toBe(true), RECOVERY)
    await store.close()
    expect(notices.filter((notice) => notice === refused)).toHaveLength(1)
  } finally {
    await other.stop()
  }
})

test('a refresh waits for a server that hangs no longer than the command time-out, whatever is under way', async () => {
  const other = await startPostgres()
  try {
    const store = await postgresStore({ url: await other.createDatabase() }).open(storeContext)
    stores.push(store)
    const one = await opened(store, opening(newSubject()))
    const session = await opened(store, opening(newSubject()))
    await other.pause()
    const first = store.sessions.confirm({ id: one.id, generation: 1 })
    await setImmediate()
    // It is sent once the first one has been answered.
    let isConfirmed = false
    const second = store.sessions.confirm({ id: session.id, generation: 1 }).finally(() => {
      isConfirmed = true
    })
    expect(await store.sessions.rotate(rotation(session))).toEqual({ kind: 'unavailable' })
    await setImmediate()
    expect(isConfirmed).toBe(false)
    await Promise.all([first, second])
  } finally {
    await other.resume()
    for (const store of stores.splice(0)) await store.close()
    await other.stop()
  }
})
