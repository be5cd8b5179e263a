import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { createSallyport, type Session } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { OutboxMessage, OutboxStore, Store } from '@sallyport/core/store'
import { postgresStore } from '@sallyport/postgres'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { LIFETIMES, newSubject, ofKind, opened, opening, type Subject } from '../contract/fixtures.ts'
import { until } from '../faults/system.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'
import { ended, spawnTied } from '../support/tied.ts'

const RECEIVERS = ['one', 'two', 'three'] as const
const PATIENCE = { commandTimeoutMs: 10_000 } as const
/** A process that was killed keeps others from sending for some seconds. */
const TAKEN_OVER_WITHIN_MS = 20_000

let postgres: PostgresServer
let url: string
/** Two processes, as far as the server can tell. */
let stores: readonly [Store, Store]

beforeAll(async () => {
  postgres = await startPostgres()
})
beforeEach(async () => {
  url = await postgres.createDatabase()
  const driver = postgresStore({ url, ...PATIENCE })
  const both = [await driver.open(storeContext), await driver.open(storeContext)] as const
  stores = both
  onTestFinished(async () => {
    for (const store of both) await store.close()
  })
})
afterAll(() => postgres.stop())

function outboxOf({ outbox }: Store): OutboxStore {
  if (outbox === undefined) throw new TypeError('the store has no outbox')
  return outbox
}

const query = (sql: string) => postgres.query(sql, url)
const append = async (store: Store, subject: Subject, body: string) =>
  ofKind(
    await outboxOf(store).append({ kind: 'change', subject: subject.name, body }, Date.now()),
    'appended',
  )
const end = async (store: Store, { tag }: Pick<Subject, 'tag'>) =>
  ofKind(await store.sessions.endSubject({ tag, at: Date.now(), lifetimes: LIFETIMES }), 'ended')

/** Subjects all messages of which are in one lane. */
function subjectsOfOneLane(count: number): readonly Subject[] {
  const { shardOfTag } = stores[0].revocations
  const subjects: Subject[] = []
  while (subjects.length < count) {
    const subject = newSubject()
    if (shardOfTag(subject.tag) === 0) subjects.push(subject)
  }
  return subjects
}

async function readLane(store: Store, receiver: string, after?: string) {
  const query = { receiver, lane: 0, most: 10, at: Date.now(), ...(after === undefined ? {} : { after }) }
  return ofKind(await outboxOf(store).read(query), 'read')
}

/** Everything in the lane, from its begin. */
async function allOfLane(store: Store, receiver: string): Promise<readonly OutboxMessage[]> {
  const all: OutboxMessage[] = []
  for (let after: string | undefined, more = true; more; ) {
    const reading = await readLane(store, receiver, after)
    all.push(...reading.messages)
    more = reading.more
    after = reading.last
  }
  return all
}

test('a receiver that reads on misses nothing, while others append and end sessions at once', async () => {
  const [one, other] = stores
  await outboxOf(one).enroll('reader')
  const subjects = subjectsOfOneLane(16)
  const sessions = 4
  for (const subject of subjects)
    await Promise.all(Array.from({ length: sessions }, () => opened(one, opening(subject))))

  const seen: string[] = []
  let done = false
  const reading = (async () => {
    let after: string | undefined
    for (let isLast = false; !isLast; ) {
      isLast = done
      const page = await readLane(other, 'reader', after)
      seen.push(...page.messages.map(({ id }) => id))
      after = page.last ?? after
      if (page.more) isLast = false
    }
  })()
  const bodies = Array.from({ length: 10 }, (_, index) => String(index))
  await Promise.all(
    subjects.map(async (subject, index) => {
      for (const body of bodies) await append(index % 2 === 0 ? one : other, subject, body)
      await end(index % 2 === 0 ? other : one, subject)
    }),
  )
  done = true
  await reading

  const all = await allOfLane(one, 'reader')
  expect(all).toHaveLength(subjects.length * (bodies.length + sessions))
  expect(seen).toEqual(all.map(({ id }) => id))
})

test('receivers that settle the same messages at once leave none behind', async () => {
  const [one, other] = stores
  for (const receiver of RECEIVERS) await outboxOf(one).enroll(receiver)
  const [subject] = subjectsOfOneLane(1)
  if (subject === undefined) throw new TypeError('one subject')
  await Promise.all(Array.from({ length: 200 }, (_, index) => append(one, subject, String(index))))
  const ids = (await allOfLane(one, RECEIVERS[0])).map(({ id }) => id)
  expect(ids).toHaveLength(200)
  const settling = RECEIVERS.flatMap((receiver, turn) =>
    Array.from({ length: 20 }, (_, part) => {
      // Each comes to the same messages in another order, and to some of them twice.
      const settled = ids.slice(part * 10, part * 10 + 15)
      if (turn === 1) settled.reverse()
      const settlement = { receiver, settled, dead: [], receivers: RECEIVERS }
      return outboxOf((part + turn) % 2 === 0 ? one : other).settle(settlement)
    }),
  )
  expect(new Set((await Promise.all(settling)).map(({ kind }) => kind))).toEqual(new Set(['settled']))
  expect(ofKind(await outboxOf(one).heads(), 'heads').heads.size).toBe(0)
  expect(await query('SELECT * FROM sallyport.outbox')).toEqual([])
})

test('of racing processes one has the right to send, until its time is over', async () => {
  const claims = async (forMs: number) => {
    const claiming = Array.from({ length: 40 }, (_, index) =>
      outboxOf(stores[index % 2 === 0 ? 0 : 1]).claim(randomUUID(), forMs, Date.now()),
    )
    return (await Promise.all(claiming)).filter(({ kind }) => kind === 'claimed')
  }
  expect(await claims(3_600_000)).toHaveLength(1)
  expect(await claims(3_600_000)).toHaveLength(0)
  await query('UPDATE sallyport.outbox_sender SET lasts_until = 0')
  expect(await claims(3_600_000)).toHaveLength(1)
})

test('what somebody else wrote or changed is damaged, and holds nothing up', async () => {
  const [one] = stores
  const outbox = outboxOf(one)
  await outbox.enroll('reader')
  const [subject] = subjectsOfOneLane(1)
  if (subject === undefined) throw new TypeError('one subject')
  for (const body of ['1', '2', '3']) await append(one, subject, body)
  await opened(one, opening(subject))
  await end(one, subject)
  await query(`UPDATE sallyport.outbox SET body = '{"forged":true}' WHERE body = '2'`)
  await query(`UPDATE sallyport.outbox SET seal = NULL WHERE body = '3'`)
  await query(`UPDATE sallyport.outbox SET subject = 'somebody else' WHERE kind = 'session-ended'`)
  const { messages, damaged } = await readLane(one, 'reader')
  expect(messages.map(({ body }) => body)).toEqual(['1'])
  expect(damaged).toHaveLength(3)
  const dead = damaged.map((id) => ({
    ...{ id, kind: 'unknown', at: Date.now(), receiver: 'reader', diedAt: Date.now(), reason: 'damaged' },
  }))
  await outbox.settle({ receiver: 'reader', settled: [], dead, receivers: ['reader'] })
  expect(await readLane(one, 'reader')).toMatchObject({ messages, damaged: [] })
  await query(`UPDATE sallyport.outbox_dead_letters SET reason = 'forged' WHERE position =
    (SELECT min(position) FROM sallyport.outbox_dead_letters)`)
  expect(ofKind(await outbox.deadLetters(), 'read').letters).toHaveLength(2)
})

test('ids that are none settle nothing', async () => {
  const [one] = stores
  const [subject] = subjectsOfOneLane(1)
  if (subject === undefined) throw new TypeError('one subject')
  await append(one, subject, '1')
  const settled = ['', '0', '0.', '0.0', 'z.1', '0.1e3', "0.1' OR true", `0.${'9'.repeat(30)}`, '0.1']
  await outboxOf(one).settle({ receiver: 'reader', settled, dead: [], receivers: ['reader'] })
  expect(await allOfLane(one, 'reader')).toHaveLength(1)
})

test('messages are dropped when they are too old, and so are receivers of which nothing is heard', async () => {
  const [one] = stores
  await outboxOf(one).enroll('reader')
  const [subject] = subjectsOfOneLane(1)
  if (subject === undefined) throw new TypeError('one subject')
  for (const body of ['1', '2']) await append(one, subject, body)
  const [message] = await allOfLane(one, 'reader')
  if (message === undefined) throw new TypeError('a message')
  await query(`UPDATE sallyport.outbox SET position = position - 3700000 WHERE body = '1'`)
  await query(`UPDATE sallyport.outbox_receivers SET kept_until = 1`)
  const letter = { kind: 'unknown', at: 1, receiver: 'gone', diedAt: 1, reason: 'refused' }
  await outboxOf(one).settle({
    ...{ receiver: 'gone', settled: [], dead: [{ id: message.id, ...letter }], receivers: ['gone'] },
  })
  expect((await allOfLane(one, 'reader')).map(({ body }) => body)).toEqual(['2'])

  const cleaner = await postgresStore({ url, ...PATIENCE }).open(storeContext)
  onTestFinished(() => cleaner.close())
  const rows = () =>
    query(`SELECT (SELECT array_agg(body) FROM sallyport.outbox) AS bodies,
      (SELECT array_agg(name) FROM sallyport.outbox_receivers) AS names,
      (SELECT count(*)::integer FROM sallyport.outbox_dead_letters) AS letters`)
  const [left] = await until(rows, ([row]) => row?.letters === 0 && String(row.names) === 'gone', 10_000)
  expect(left).toEqual({ bodies: ['2'], names: ['gone'], letters: 0 })
})

/** Starts a process that does a part of the work, and gives the lines that it writes. */
async function startNode(role: 'end' | 'send', ...args: readonly string[]) {
  const program = ['test/postgres/outbox-node.mjs', url, role, ...args]
  const child = spawnTied(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  if (child.stdout === null) throw new TypeError('its output is piped')
  createInterface({ input: child.stdout }).on('line', (line) => void lines.push(line))
  await until(
    () => Promise.resolve(lines),
    ([first]) => first === 'ready',
    20_000,
  )
  return {
    /** What it has done. */
    done: () => lines.slice(1),
    kill() {
      child.kill('SIGKILL')
      return ended(child)
    },
  }
}

test('a session has ended if and only if that is told, though a process or the server is killed on the way', async () => {
  const subjects = Array.from({ length: 120 }, newSubject)
  for (let from = 0; from < subjects.length; from += 40)
    await Promise.all(subjects.slice(from, from + 40).map((subject) => opened(stores[0], opening(subject))))
  const [atProcess, atServer] = [subjects.slice(0, 60), subjects.slice(60)]

  const node = await startNode('end', ...atProcess.map(({ tag }) => tag))
  await until(
    () => Promise.resolve(node.done()),
    ({ length }) => length >= 10,
    20_000,
    1,
  )
  await node.kill()
  expect(node.done().length).toBeLessThan(60)

  let answered = 0
  const ending = atServer.map(async ({ tag }, index) => {
    const store = stores[index % 2 === 0 ? 0 : 1]
    const { kind } = await store.sessions.endSubject({ tag, at: Date.now(), lifetimes: LIFETIMES })
    if (kind === 'ended') answered++
  })
  await until(
    () => Promise.resolve(answered),
    (count) => count >= 10,
    20_000,
    1,
  )
  await postgres.kill()
  await Promise.all(ending)
  await postgres.restart()

  const endedOnes = await query('SELECT id FROM sallyport.sessions WHERE ended_at IS NOT NULL ORDER BY id')
  const told = await query('SELECT session AS id FROM sallyport.outbox ORDER BY session')
  expect(told).toEqual(endedOnes)
  expect(endedOnes.length).toBeGreaterThanOrEqual(18)
  expect(endedOnes.length).toBeLessThan(120)
})

test('of many sessions whose ending was killed on the way, the clean-up ends the rest, and all is told once', async () => {
  const [subject, other] = [newSubject(), newSubject()]
  const sessions: Session[] = []
  for (let made = 0; made < 450; made += 50)
    sessions.push(
      ...(await Promise.all(Array.from({ length: 50 }, () => opened(stores[0], opening(subject))))),
    )
  const bystander = await opened(stores[0], opening(other))
  // It had expired before all were ended, so nobody is told.
  const [expired] = await query(`UPDATE sallyport.sessions SET expires_at = 1 WHERE id =
    (SELECT id FROM sallyport.sessions WHERE subject = '${subject.name}' ORDER BY created_at, id OFFSET 5 LIMIT 1)
    RETURNING id`)

  const holder = new Client({ connectionString: url })
  await holder.connect()
  onTestFinished(() => holder.end())
  await holder.query('BEGIN')
  await holder.query(`SELECT FROM sallyport.sessions WHERE subject = '${subject.name}'
    ORDER BY created_at, id LIMIT 1 FOR UPDATE`)
  const node = await startNode('end', subject.tag)
  const blocked = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  await until(
    () => query(blocked),
    ({ length }) => length === 1,
    20_000,
  )
  await node.kill()
  await query(blocked.replace('pid', 'pg_terminate_backend(pid)'))
  await holder.query('ROLLBACK')
  const left = () => query(`SELECT id FROM sallyport.sessions WHERE ended_at IS NULL ORDER BY id`)
  expect(await left()).toHaveLength(51)

  // It is left to whoever began it for a minute and a half.
  const cleaner = async () => {
    const store = await postgresStore({ url, ...PATIENCE }).open(storeContext)
    onTestFinished(() => store.close())
  }
  await query('UPDATE sallyport.sessions SET created_at = created_at - 200000')
  for (const table of ['subjects', 'unfinished_endings'])
    await query(`UPDATE sallyport.${table} SET ended_until = ended_until - 200000 WHERE ended_until > 0`)
  await Promise.all([cleaner(), cleaner(), cleaner()])
  const unfinished = () => query('SELECT tag FROM sallyport.unfinished_endings')
  expect(await until(unfinished, ({ length }) => length === 0, 20_000)).toEqual([])
  expect(await left()).toEqual([{ id: bystander.id }])
  const kinds = await query(
    `SELECT end_kind, count(*)::integer FROM sallyport.sessions GROUP BY 1 ORDER BY 1`,
  )
  expect(kinds).toEqual([
    { end_kind: 'expired', count: 1 },
    { end_kind: 'subject', count: 449 },
    { end_kind: null, count: 1 },
  ])
  const told = await query('SELECT session AS id FROM sallyport.outbox ORDER BY session')
  const ended = sessions.map(({ id }) => id).filter((id) => id !== expired?.id)
  expect(told.map(({ id }) => id)).toEqual(ended.sort())
})

test('when the process that sends is killed another one goes on, in the order of each subject', async () => {
  const sallyport = await createSallyport({
    ...{ secret: 'a secret of the test, with its 32 bytes', outbox: {} },
    store: postgresStore({ url, ...PATIENCE }),
  })
  onTestFinished(() => sallyport.close())
  const subjects = Array.from({ length: 12 }, newSubject)
  const bodies = Array.from({ length: 10 }, (_, index) => String(index))
  const first = await startNode('send', '30')
  const { outbox } = gateOf(sallyport)
  for (const body of bodies)
    await Promise.all(subjects.map(({ name: subject }) => outbox.append({ kind: 'change', subject, body })))
  await until(
    () => Promise.resolve(first.done()),
    ({ length }) => length >= 30,
    TAKEN_OVER_WITHIN_MS,
  )
  const second = await startNode('send', 'all')
  expect(second.done()).toEqual([])
  await first.kill()
  expect(first.done()).toHaveLength(30)
  const all = () => Promise.resolve([...first.done(), ...second.done()])
  const got = await until(all, (lines) => new Set(lines).size >= 120, TAKEN_OVER_WITHIN_MS)
  for (const { name } of subjects) {
    const mine = got.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length + 1))
    expect([...new Set(mine)]).toEqual(bodies)
  }
  const empty = () => query('SELECT * FROM sallyport.outbox')
  expect(await until(empty, ({ length }) => length === 0, TAKEN_OVER_WITHIN_MS)).toEqual([])
  await second.kill()
})
