import type { Store, StoreContext } from '@sallyport/core/store'
import { migrationsOf, type PostgresStoreOptions, postgresStore } from '@sallyport/postgres'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { startPglite } from '../support/pglite.ts'
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
  STRICT,
  tokenOf,
} from './fixtures.ts'

const UNAVAILABLE = { kind: 'unavailable' }
const GRANT = { acr: 'aal2', amr: ['pwd', 'otp'], transient: true } as const
const OWN = { lifetimes: { idleMs: HOUR / 2, absoluteMs: HOUR } } as const

const postgres = await startPglite()
const { database } = postgres
let notices: string[] = []
const stores: Store[] = []

async function openStore(
  options: Partial<PostgresStoreOptions> = {},
  context: Partial<StoreContext> = {},
): Promise<Store> {
  const notice = (message: string): void => void notices.push(message)
  const driver = postgresStore({ ...postgres.options, time: 'caller', ...options })
  const store = await driver.open({ ...storeContext, notice, ...context })
  stores.push(store)
  return store
}

beforeEach(async () => {
  await postgres.place()
  notices = []
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
afterAll(() => postgres.stop())

describe('what others write into the tables', () => {
  test.each([
    ['scope', "'admin'"],
    ['client', "'native'"],
    ['device', "'another'"],
    ['transport', "'body'"],
    ['authenticated_at', '1'],
    ['idle_ms', 'NULL'],
    ['subject', "'somebody else'"],
    ['particulars', `'{}'`],
    ['particulars', `'null'`],
    ['particulars', `'{"boundKey": {}}'`],
    ['particulars', `jsonb_set(particulars, '{amr}', '["hwk"]')`],
    ['particulars', `jsonb_set(particulars, '{elevation}', '{"authenticatedAt": 1, "until": 9999999999}')`],
    ['seal', "''"],
  ])('gives no session another %s: %s', async (column, value) => {
    const store = await openStore()
    const subject = newSubject()
    const session = await opened(store, opening(subject, { grant: { ...GRANT, ...OWN } }))
    const other = await opened(store, opening(subject))
    await database.exec('CREATE TEMP TABLE kept AS SELECT * FROM sallyport.sessions')
    await database.query(`UPDATE sallyport.sessions SET ${column} = ${value} WHERE id = $1`, [session.id])

    expect(await store.sessions.read(session.id)).toEqual(UNAVAILABLE)
    expect(await store.sessions.rotate(rotation(session))).toEqual(UNAVAILABLE)
    const listed = await store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES })
    expect(ofKind(listed, 'listed').sessions).toEqual([other])
    await store.sessions.rotate(rotation(session))
    expect(notices.filter((notice) => notice.includes('"rotate" counts as unavailable'))).toHaveLength(1)
    expect(notices.join()).not.toContain(session.id)

    // Nothing changed meanwhile, and it goes on once it is as it was.
    await database.exec(
      `DELETE FROM sallyport.sessions; INSERT INTO sallyport.sessions SELECT * FROM kept; DROP TABLE kept`,
    )
    ofKind(await store.sessions.rotate(rotation(session)), 'rotated')
  })

  test('is not read where no seal covers it', async () => {
    const store = await openStore()
    const session = await opened(store, opening(newSubject(), { grant: GRANT }))
    const before = await store.sessions.read(session.id)
    await database.query(
      `UPDATE sallyport.sessions SET particulars = particulars
        || '{"boundKey": null, "boundTo": null, "elevation": null, "role": "admin"}' WHERE id = $1`,
      [session.id],
    )
    expect(await store.sessions.read(session.id)).toEqual(before)
  })

  test('puts the rights of one session into no other one', async () => {
    const store = await openStore()
    const [one, other] = [newSubject(), newSubject()]
    const mighty = await opened(store, opening(one, { grant: { scope: 'admin' } }))
    const humble = await opened(store, opening(other))
    await database.query(
      `UPDATE sallyport.sessions AS s SET (subject, scope, seal) = (o.subject, o.scope, o.seal)
        FROM sallyport.sessions AS o WHERE s.id = $1 AND o.id = $2`,
      [humble.id, mighty.id],
    )
    expect(await store.sessions.rotate(rotation(humble))).toEqual(UNAVAILABLE)
  })
})

test('a session outlives an earlier secret, once it was refreshed', async () => {
  const [earlier, current] = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
  const before = await openStore({}, { integrityKeys: [earlier] })
  const [session, idle] = [
    await opened(before, opening(newSubject())),
    await opened(before, opening(newSubject())),
  ]
  const both = await openStore({}, { integrityKeys: [current, earlier] })
  ofKind(await both.sessions.rotate(rotation(session)), 'rotated')
  const after = await openStore({}, { integrityKeys: [current] })
  ofKind(await after.sessions.rotate(rotation(session, { generation: 2 })), 'rotated')
  expect(await after.sessions.rotate(rotation(idle))).toEqual(UNAVAILABLE)
})

test('what a session was given later is sealed, too: a scope, an elevation, a key', async () => {
  const store = await openStore()
  const subject = newSubject()
  const { id } = await opened(store, opening(subject))
  const step = { id, at: START, lifetimes: LIFETIMES, known: NOTHING }
  const elevation = { acr: 'aal2', authenticatedAt: START / SECOND, until: START / SECOND + 60 }
  ofKind(await store.sessions.elevate({ ...step, elevation, bindings: [] }), 'elevated')
  ofKind(await store.sessions.bindKey({ ...step, key: boundKeyOf('browser') }), 'bound')
  ofKind(await store.sessions.renew({ ...step, tag: subject.tag, scope: 'notes:read' }), 'renewed')
  const read = ofKind(await store.sessions.read(id), 'read')
  expect(read.session).toMatchObject({ scope: 'notes:read', elevation, boundKey: boundKeyOf('browser') })
})

describe('the record', () => {
  const states = async (subject: string) => {
    const { rows } = await database.query<Readonly<Record<string, unknown>>>(
      `SELECT state, why, signed_in_at, ended_at FROM sallyport.session_states WHERE subject = $1 ORDER BY id`,
      [subject],
    )
    return rows.map(({ state, why }) => [state, why])
  }
  const end = { ended: 'ended', subject: 'ended', reused: 'ended' } as const

  test('says of each session whether it lives, and why it ended', async () => {
    const store = await openStore()
    const why: Record<string, (subject: ReturnType<typeof newSubject>) => Promise<unknown>> = {
      ended: async (subject) => {
        const { id } = await opened(store, opening(subject))
        return store.sessions.end({ id, at: START, evenIfAbsent: false })
      },
      subject: async (subject) => {
        await opened(store, opening(subject))
        return store.sessions.endSubject({ tag: subject.tag, at: START, lifetimes: LIFETIMES })
      },
      reused: async (subject) => {
        const session = await opened(store, opening(subject))
        await store.sessions.rotate(rotation(session, STRICT))
        return store.sessions.rotate(rotation(session, STRICT))
      },
    }
    for (const [kind, make] of Object.entries(why)) {
      const subject = newSubject()
      await make(subject)
      expect(await states(subject.name), kind).toEqual([[end[kind as keyof typeof end], kind]])
    }
    const expired = newSubject()
    const late = await opened(store, opening(expired))
    await store.sessions.rotate(rotation(late, { at: START + LIFETIMES.idleMs }))
    expect(await states(expired.name)).toEqual([['expired', 'expired']])
  })

  test('ends with everything, and with one who replaces it or exceeds a limit', async () => {
    const store = await openStore()
    const subject = newSubject()
    const at = Date.now()
    const lifetimes = { idleMs: HOUR, absoluteMs: HOUR }
    const first = await opened(store, opening(subject, { at, lifetimes }))
    await opened(store, opening(subject, { at, lifetimes, replaces: first.id }))
    await opened(store, opening(subject, { at: at + 1, lifetimes, sessionLimit: 1 }))
    expect((await states(subject.name)).toSorted()).toEqual([
      ['ended', 'limit'],
      ['ended', 'replaced'],
      ['live', null],
    ])
    await store.revocations.revokeAll(at + 2)
    expect(await states(subject.name)).toContainEqual(['ended', 'everything'])
  })

  test('keeps nothing of a person who is forgotten', async () => {
    const store = await openStore()
    const subject = newSubject()
    const { id } = await opened(store, opening(subject, { ip: '192.0.2.1' }))
    await store.sessions.end({ id, at: START, evenIfAbsent: false })
    expect(await states(subject.name)).toHaveLength(1)
    ofKind(await store.sessions.erase(subject.tag, START), 'erased')
    expect(await states(subject.name)).toEqual([])
    expect(await store.revocations.check(tokenOf(subject.tag, { session: id }))).toEqual({ kind: 'revoked' })
  })

  test('is deleted in time, and what lives stays', async () => {
    const old = await openStore({ time: 'caller' })
    const [gone, forgotten, kept] = [newSubject(), newSubject(), newSubject()]
    const long = { idleMs: 1000 * 24 * HOUR, absoluteMs: 1000 * 24 * HOUR }
    const ended = await opened(old, opening(gone))
    await old.sessions.end({ id: ended.id, at: START, evenIfAbsent: false })
    await opened(old, opening(forgotten))
    const lives = await opened(old, opening(kept, { lifetimes: long }))
    const count = async (table: string): Promise<number> => {
      const { rows } = await database.query<{ n: number }>(
        `SELECT count(*)::integer AS n FROM sallyport.${table}`,
      )
      return rows[0]?.n ?? -1
    }
    expect([await count('sessions'), await count('subjects'), await count('revocations')]).toEqual([3, 3, 1])
    const now = await openStore({ time: 'server', keepEndedSeconds: 60 })
    await vi.waitFor(
      async () => {
        expect([await count('sessions'), await count('subjects'), await count('revocations')]).toEqual([
          1, 1, 0,
        ])
      },
      { timeout: 10_000 },
    )
    ofKind(await now.sessions.read(lives.id), 'read')
  })
})

describe('the tables', () => {
  test('are created once, however many stores are opened at a time', async () => {
    const schema = 'many_at_once'
    const opening = Array.from({ length: 5 }, () => openStore({ schema }))
    for (const store of await Promise.all(opening)) expect(await store.ping()).toBe(true)
    const { rows } = await database.query(`SELECT id FROM ${schema}.migrations ORDER BY id`)
    expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }, { id: 5 }, { id: 6 }])
  })

  test('are refused if they are not up to date and may not be changed', async () => {
    // A word of SQL.
    const schema = 'user'
    const fault = await configFault(() => openStore({ schema, migrate: 'check' }))
    expect(fault.message).toContain(`run what migrationsOf("${schema}", 0) gives`)
    await database.exec(migrationsOf(schema))
    const store = await openStore({ schema, migrate: 'check' })
    const session = await opened(store, opening(newSubject()))
    ofKind(await store.sessions.rotate(rotation(session)), 'rotated')
    expect(migrationsOf(schema, 6)).toBe('')
  })

  test('are brought up to date where migration 5 made one of them already', async () => {
    const schema = 'early'
    const all = migrationsOf(schema)
    await database.exec(all.slice(0, all.indexOf('-- 6:')))
    await database.exec(
      `CREATE TABLE ${schema}.unfinished_endings (tag text PRIMARY KEY, ended_until bigint NOT NULL, kept_session text)`,
    )
    expect(await (await openStore({ schema })).ping()).toBe(true)
  })
})

test('what a receiver has settled it does not look at again, whatever others have left', async () => {
  const { outbox } = await openStore()
  if (outbox === undefined) throw new TypeError('the store has an outbox')
  for (const receiver of ['quick', 'slow']) await outbox.enroll(receiver)
  const subject = newSubject().name
  const append = (body: string) => outbox.append({ kind: 'change', subject, body }, START)
  const read = async (receiver: string, after?: string) => {
    const [lane = 0] = ofKind(await outbox.heads(), 'heads').heads.keys()
    const from = after === undefined ? {} : { after }
    return ofKind(await outbox.read({ receiver, lane, most: 10, at: START, ...from }), 'read')
  }
  await append('1')
  await database.exec(`INSERT INTO sallyport.outbox
    SELECT shard, position + n, kind, subject, session, at, body, seal FROM sallyport.outbox, generate_series(1, 1500) AS n`)
  await database.exec(`UPDATE sallyport.outbox SET settled_by = '{quick}'`)
  await database.exec(
    'UPDATE sallyport.shards SET outbox_position = outbox_position + 1500 WHERE outbox_position > 0',
  )
  await append('2')

  const bodies: string[] = []
  let reads = 0
  for (let after: string | undefined, more = true; more; reads++) {
    const page = await read('quick', after)
    bodies.push(...page.messages.map(({ body }) => body))
    more = page.more
    after = page.last
  }
  expect({ bodies, reads }).toEqual({ bodies: ['2'], reads: 2 })
  // From now on it takes one step.
  expect(await read('quick')).toMatchObject({ messages: [{ body: '2' }], more: false })
  await append('3')
  expect((await read('quick')).messages.map(({ body }) => body)).toEqual(['2', '3'])
  expect(await read('slow')).toMatchObject({ messages: { length: 10 }, more: true })
})

describe('a database that is away', () => {
  test('is told once, and once when it is back; meanwhile all is unavailable', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      let isAway = false
      const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' })
      const query = (text: string, values?: unknown[]) =>
        isAway ? Promise.reject(refused) : database.query(text, values)
      const transaction: typeof database.transaction = (work) =>
        isAway ? Promise.reject(refused) : database.transaction(work)
      const store = await openStore({ embedded: { query, transaction } as never })
      const session = await opened(store, opening(newSubject()))
      isAway = true
      expect(await store.ping()).toBe(false)
      expect(await store.sessions.rotate(rotation(session))).toEqual(UNAVAILABLE)
      expect(await store.sessions.open(opening(newSubject()))).toEqual(UNAVAILABLE)
      expect(await store.revocations.marks()).toEqual(UNAVAILABLE)
      isAway = false
      vi.advanceTimersByTime(1000)
      ofKind(await store.sessions.rotate(rotation(session)), 'rotated')
      expect(notices).toEqual([
        'PostgreSQL at the embedded database is away (ECONNREFUSED): what needs it is answered 503 until it is back',
        'PostgreSQL serves again',
      ])
    } finally {
      vi.useRealTimers()
    }
  })
})

test('a sign-in that cannot be repeated, since its session has ended, ends no other one', async () => {
  const store = await openStore()
  const subject = newSubject()
  const first = opening(subject)
  const { id } = await opened(store, first)
  await store.sessions.end({ id, at: START, evenIfAbsent: false })
  const other = await opened(store, opening(subject))
  expect(await store.sessions.open({ ...first, replaces: other.id })).toEqual(UNAVAILABLE)
  ofKind(await store.sessions.read(other.id), 'read')
  expect(notices).toEqual([])
})

test('a refresh that reaches the server after its caller has given up changes nothing', async () => {
  const store = await openStore()
  const session = await opened(store, opening(newSubject()))
  let late = 0
  // The server takes every change of a session a second too late.
  const query = (text: string, values: unknown[] = []) => {
    if (!text.startsWith('UPDATE "sallyport"."sessions" AS s SET generation'))
      return database.query(text, values)
    late++
    return database.query(
      text.replaceAll('clock_timestamp()', `(clock_timestamp() + interval '2 s')`),
      values,
    )
  }
  const hung = await openStore({ embedded: { query, transaction: database.transaction } as never })
  expect(await hung.sessions.rotate(rotation(session, STRICT))).toEqual(UNAVAILABLE)
  expect(late).toBeGreaterThan(0)
  expect(ofKind(await store.sessions.rotate(rotation(session, STRICT)), 'rotated').session.generation).toBe(2)
  expect(await store.sessions.rotate(rotation(session, { at: START + GRACE, graceMs: GRACE }))).toMatchObject(
    {
      kind: 'converged',
    },
  )
})

describe('all sessions of a subject are over by a mark, before their rows say so', () => {
  const limits = [{ refreshLimit: { count: 0, windowMs: 0 } }, { refreshLimit: { count: 5, windowMs: HOUR } }]
  test.each(limits)('and a refresh that has read its session before does not go on: %o', async (limit) => {
    const store = await openStore()
    const subject = newSubject()
    const [session, kept] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    let marks = 0
    const query = async (text: string, values: unknown[] = []) => {
      if (text.includes('SET generation') && marks++ === 0)
        await database.query(
          `INSERT INTO sallyport.subjects (tag, shard, ended_until, kept_session) VALUES ($1, 0, $2, $3)
            ON CONFLICT (tag) DO UPDATE SET ended_until = excluded.ended_until, kept_session = excluded.kept_session`,
          [subject.tag, START, kept.id],
        )
      return database.query(text, values)
    }
    const slow = await openStore({ embedded: { query, transaction: database.transaction } as never })
    expect(await slow.sessions.rotate(rotation(session, limit))).toEqual({ kind: 'unknown' })
    expect(marks).toBe(1)
    ofKind(await store.sessions.rotate(rotation(kept, limit)), 'rotated')
  })

  test('and nobody reads, changes or ends them; a sign-in comes after it', async () => {
    const store = await openStore()
    const subject = newSubject()
    const { id } = await opened(store, opening(subject))
    await database.query('UPDATE sallyport.subjects SET ended_until = $1', [START])
    const step = { id, at: START, lifetimes: LIFETIMES, known: NOTHING }
    expect(await store.sessions.read(id)).toEqual({ kind: 'unknown' })
    expect(await store.sessions.bindKey({ ...step, key: boundKeyOf('browser') })).toEqual({ kind: 'unknown' })
    expect(await store.sessions.end({ id, at: START, evenIfAbsent: false })).toEqual({ kind: 'absent' })
    const next = opening(subject, { replaces: id })
    const outcome = ofKind(await store.sessions.open(next), 'opened')
    expect(outcome).toMatchObject({ replaced: false, session: { createdAt: START + 1 } })
    expect(await store.sessions.open(opening(subject, { id }))).toEqual(UNAVAILABLE)
    ofKind(await store.sessions.rotate(rotation(outcome.session)), 'rotated')
  })
})
