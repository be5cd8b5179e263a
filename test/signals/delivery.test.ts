import { PGlite } from '@electric-sql/pglite'
import { memoryStore, type StoreDriver } from '@sallyport/core'
import { postgresStore } from '@sallyport/postgres'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { ISSUER, type Managed, type ManagingOptions, READER, startManaged } from './managing.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { CAEP, SSF } from './transmitter.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function recorder(): Promise<Recorder> {
  const one = await startRecorder()
  open.push(one)
  return one
}

async function managed(options: ManagingOptions = {}): Promise<Managed> {
  const one = await startManaged(options)
  open.push(one)
  return one
}

const patiently = { timeout: 15_000, interval: 20 }
const CHANGED = `${CAEP}credential-change`
const user = (sub: string) => ({ format: 'iss_sub', iss: ISSUER, sub })

/** A transmitter, a receiver that manages its stream, and another that gets everything. */
async function scene(options: ManagingOptions = {}) {
  const [mine, all] = [await recorder(), await recorder()]
  const one = await managed({
    receiver: { streams: { origins: [mine.url] } },
    others: [{ audience: 'all', push: { url: all.url } }],
    ...options,
  })
  const create = async (more: object = {}): Promise<string> => {
    const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: `${mine.url}/events` }
    const { status, body } = await one.ask('POST', '/ssf/stream', { delivery, ...more })
    expect(status).toBe(201)
    return body.stream_id
  }
  const set = (id: string, status: string) => one.ask('POST', '/ssf/status', { stream_id: id, status })
  const tell = (subject: string, reason: string) =>
    one.signals.credentialChange(subject, { credentialType: 'pin', changeType: 'update', reason })
  /** Waits until the other has everything that was told so far, so that whatever was due has been sent. */
  const settled = (reason: string) => vi.waitFor(() => expect(reasonsAt(all)).toContain(reason), patiently)
  return { ...{ mine, all, one, create, set, tell, settled } }
}

/** The reasons of the changes that arrived. */
function reasonsAt({ received }: Recorder): readonly string[] {
  return received.flatMap(({ claims: { events } }) => {
    const told = events[CHANGED] as { reason_admin?: { en: string } } | undefined
    return told?.reason_admin?.en ?? []
  })
}

const arrives = (at: Recorder, ...reasons: readonly string[]) =>
  vi.waitFor(() => expect(reasonsAt(at)).toEqual(reasons), patiently)

// It takes as long to start as all tests together.
const database = await PGlite.create()
afterAll(() => database.close())
const stores: readonly (readonly [string, StoreDriver])[] = [
  ['memory', memoryStore()],
  ['PostgreSQL', postgresStore({ embedded: database })],
]

describe('a stream that is pushed', () => {
  test.each(stores)(
    'is created, verified, told, paused, resumed in order, disabled, and deleted, in %s',
    async (_, store) => {
      const { mine, one, create, set, tell, settled } = await scene({ store })
      await tell('alice', 'too early')
      await settled('too early')
      const id = await create({
        delivery: {
          ...{ method: 'urn:ietf:rfc:8935', endpoint_url: `${mine.url}/events` },
          authorization_header: 'Bearer agreed',
        },
      })
      expect((await one.ask('POST', '/ssf/verify', { stream_id: id, state: 'here' })).status).toBe(204)
      await vi.waitFor(() => expect(mine.received).toHaveLength(1), patiently)
      expect(mine.received[0]).toMatchObject({
        authorization: 'Bearer agreed',
        claims: {
          ...{ iss: ISSUER, aud: 'https://r.example.com', sub_id: { format: 'opaque', id } },
          events: { [`${SSF}verification`]: { state: 'here' } },
        },
      })

      const sid = await one.endOne('alice')
      await vi.waitFor(() => expect(mine.received).toHaveLength(2), patiently)
      expect(mine.received[1]?.claims).toMatchObject({
        sub_id: { format: 'complex', user: user('alice'), session: { format: 'opaque', id: sid } },
        events: { [`${CAEP}session-revoked`]: {} },
      })

      expect((await set(id, 'paused')).status).toBe(200)
      const kept = Array.from({ length: 20 }, (_, at) => `kept ${at}`)
      for (const reason of kept) await tell('alice', reason)
      await settled('kept 19')
      expect(mine.received).toHaveLength(2)
      await set(id, 'enabled')
      await arrives(mine, ...kept)

      await set(id, 'disabled')
      await tell('alice', 'dropped')
      await settled('dropped')
      await set(id, 'enabled')
      await tell('alice', 'after')
      await arrives(mine, ...kept, 'after')

      expect((await one.ask('DELETE', `/ssf/stream?stream_id=${id}`)).status).toBe(204)
      await tell('alice', 'too late')
      await settled('too late')
      expect(reasonsAt(mine)).toEqual([...kept, 'after'])
      expect(mine.received.every(({ status }) => status === 202)).toBe(true)
    },
  )

  test('is sent elsewhere, and other events, from the answer to PATCH on', async () => {
    const { mine, all, one, create, tell, settled } = await scene()
    const id = await create()
    await tell('alice', 'first')
    await arrives(mine, 'first')
    const patch = (body: object) => one.ask('PATCH', '/ssf/stream', { stream_id: id, ...body })
    await patch({ events_requested: [`${CAEP}session-revoked`] })
    await tell('alice', 'unwanted')
    await settled('unwanted')
    await one.endOne('alice')
    await vi.waitFor(() => expect(mine.received).toHaveLength(2), patiently)
    await patch({ events_requested: [CHANGED], delivery: { method: 'urn:ietf:rfc:8936' } })
    await tell('alice', 'polled')
    await settled('polled')
    const { body } = await one.ask('POST', `/ssf/poll/${id}`, { returnImmediately: true })
    const [[jti, jwt] = expect.fail()] = Object.entries(body.sets)
    expect(decodeJwt(String(jwt)).events).toMatchObject({ [CHANGED]: { reason_admin: { en: 'polled' } } })
    expect((await one.ask('POST', `/ssf/poll/${id}`, { ack: [jti], returnImmediately: true })).body).toEqual({
      sets: {},
    })
    expect(reasonsAt(mine)).toEqual(['first'])
    expect(reasonsAt(all)).toContain('polled')
  })

  test('gets nothing about users who were removed, until they are added again', async () => {
    const { mine, one, create, tell, settled } = await scene()
    const id = await create()
    const change = (path: string, sub: string) =>
      one.ask('POST', `/ssf/subjects/${path}`, { stream_id: id, subject: user(sub) })
    await change('remove', 'alice')
    await tell('alice', 'unwanted')
    await tell('bob', 'wanted')
    await settled('wanted')
    await arrives(mine, 'wanted')
    await change('add', 'alice')
    await tell('alice', 'again')
    await arrives(mine, 'wanted', 'again')
  })

  test('by default gets nothing about anybody, if the operator wants it so', async () => {
    const { mine, one, create, tell, settled } = await scene({ send: { defaultSubjects: 'NONE' } })
    const id = await create()
    await tell('alice', 'nobody asked')
    await settled('nobody asked')
    await one.ask('POST', '/ssf/subjects/add', { stream_id: id, subject: user('alice') })
    await tell('bob', 'nobody asked for him')
    await tell('alice', 'asked')
    await arrives(mine, 'asked')
  })

  test('is paused by the operator only after its receiver was told, and enabled with what it missed', async () => {
    const { mine, one, create, tell, settled } = await scene()
    const id = await create()
    expect(await one.signals.streams.setStatus(id, 'paused', 'Maintenance')).toBe(true)
    await tell('alice', 'kept')
    await settled('kept')
    await vi.waitFor(() => expect(mine.received).toHaveLength(1), patiently)
    const update = (status: string, reason: object) => ({
      sub_id: { format: 'opaque', id },
      events: { [`${SSF}stream-updated`]: { status, ...reason } },
    })
    expect(mine.received[0]?.claims).toMatchObject(update('paused', { reason: 'Maintenance' }))
    expect((await one.ask('GET', `/ssf/status?stream_id=${id}`)).body).toEqual({
      ...{ stream_id: id, status: 'paused', reason: 'Maintenance' },
    })
    await one.signals.streams.setStatus(id, 'enabled')
    await arrives(mine, 'kept')
    await vi.waitFor(() => expect(mine.received).toHaveLength(3), patiently)
    expect(mine.received.map(({ claims }) => claims)).toContainEqual(
      expect.objectContaining(update('enabled', {})),
    )

    await one.signals.streams.setStatus(id, 'disabled')
    await tell('alice', 'dropped')
    await settled('dropped')
    await vi.waitFor(() => expect(mine.received).toHaveLength(4), patiently)
    expect(mine.received[3]?.claims).toMatchObject(update('disabled', {}))
  })
})

describe('a stream that is polled', () => {
  const sets = async (one: Managed, id: string, body: object = {}) => {
    const answer = await one.ask('POST', `/ssf/poll/${id}`, { returnImmediately: true, ...body })
    expect(answer.status).toBe(200)
    return answer.body.sets
  }
  const eventsIn = (given: Readonly<Record<string, string>>) =>
    Object.values(given).map((jwt) => Object.keys(Object(decodeJwt(jwt).events))[0])

  test('is paused and resumed, and drops what happens while it is disabled', async () => {
    const one = await managed({ receiver: { reader: READER } })
    const id = (await one.ask('POST', '/ssf/stream', {})).body.stream_id
    const set = (status: string) => one.ask('POST', '/ssf/status', { stream_id: id, status })
    await set('paused')
    await one.endOne('alice')
    await one.endOne('alice')
    expect(await sets(one, id)).toEqual({})
    await set('enabled')
    const kept = await sets(one, id)
    expect(Object.keys(kept)).toHaveLength(2)
    await set('disabled')
    await one.endOne('alice')
    await set('enabled')
    expect(await sets(one, id, { ack: Object.keys(kept) })).toEqual({})
    await one.endOne('alice')
    expect(Object.keys(await sets(one, id))).toHaveLength(1)
  })

  test('tells its receiver that the operator paused it, however much waits', async () => {
    const one = await managed()
    const id = (await one.ask('POST', '/ssf/stream', {})).body.stream_id
    for (let at = 0; at < 5; at++) await one.endOne('alice')
    await one.signals.streams.setStatus(id, 'paused')
    const told = await sets(one, id, { maxEvents: 2 })
    expect(eventsIn(told)).toEqual([`${SSF}stream-updated`])
    expect(await sets(one, id, { ack: Object.keys(told) })).toEqual({})
    await one.signals.streams.setStatus(id, 'enabled')
    expect(Object.keys(await sets(one, id))).toHaveLength(6)
  })

  test('is over for who waits when it is deleted', async () => {
    const one = await managed()
    const id = (await one.ask('POST', '/ssf/stream', {})).body.stream_id
    const waiting = sets(one, id, { returnImmediately: false })
    await one.ask('DELETE', `/ssf/stream?stream_id=${id}`)
    expect(await waiting).toEqual({})
    expect((await one.ask('POST', `/ssf/poll/${id}`, { returnImmediately: true })).status).toBe(404)
  })
})
