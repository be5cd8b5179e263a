import { createSallyport, memoryStore, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { viewOf } from './view.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const MADE = /^[\w-]{16}$/
const events: SallyportEvent[] = []
let sallyport: Awaited<ReturnType<typeof createSallyport>>

beforeAll(async () => {
  sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
  })
  sallyport.on('event', (event) => events.push(event))
})
beforeEach(() => {
  events.length = 0
})
afterAll(() => sallyport.close())

const ids = (): string[] => events.map(({ request_id }) => request_id)

async function idGiven(headers: Readonly<Record<string, string | string[]>>): Promise<string | undefined> {
  events.length = 0
  await sallyport.tokens.verify('x', { headers })
  expect(events).toHaveLength(1)
  return events[0]?.request_id
}

test('whoever hangs up keeps the address that the request had', () => {
  const { callers } = gateOf(sallyport)
  const headers = {}
  const connection: { ip: string | undefined; headers: Record<string, string> } = { ip: '192.0.2.7', headers }
  const caller = callers.of(connection)
  connection.ip = undefined
  expect([caller.ip, callers.of({ ip: undefined, headers }).ip]).toEqual(['192.0.2.7', '192.0.2.7'])
  expect(callers.of(viewOf({ ip: undefined, headers: {} })).ip).toBeUndefined()
})

describe('the request id of an event', () => {
  test.each([
    ['a trace id', { traceparent: `00-${TRACE}-b7ad6b7169203331-01` }, TRACE],
    ['one of a later version, which may go on', { traceparent: `01-${TRACE}-b7ad6b7169203331-00-x` }, TRACE],
    [
      'a trace id before X-Request-Id',
      { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, 'x-request-id': 'one' },
      TRACE,
    ],
    [
      'X-Request-Id',
      { 'x-request-id': 'f058ebd6-02f7-4d3f-942e-904344e8cde5' },
      'f058ebd6-02f7-4d3f-942e-904344e8cde5',
    ],
    [
      'X-Request-Id beside a malformed traceparent',
      { traceparent: `00-${TRACE}-01`, 'x-request-id': 'a.b:c=/+' },
      'a.b:c=/+',
    ],
    ['the longest', { 'x-request-id': 'x'.repeat(128) }, 'x'.repeat(128)],
  ])('is %s', async (_name, headers, expected) => {
    expect(await idGiven(headers)).toBe(expected)
  })

  test.each([
    ['none', {}],
    ['an empty one', { 'x-request-id': '' }],
    ['a long one', { 'x-request-id': 'x'.repeat(129) }],
    ['two', { 'x-request-id': 'one, two' }],
    ['a list', { 'x-request-id': ['one', 'two'] }],
    ['one that would write a line', { 'x-request-id': 'a\n{"event":"key.compromised"}' }],
    ['another alphabet', { 'x-request-id': 'z\u00fcrich' }],
    ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
    ['a parent of zeros', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
    ['the version ff', { traceparent: `ff-${TRACE}-b7ad6b7169203331-01` }],
    ['upper case', { traceparent: `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01` }],
    ['more than version 00 has', { traceparent: `00-${TRACE}-b7ad6b7169203331-01-x` }],
  ])('is made for a request with %s', async (_name, headers) => {
    expect(await idGiven(headers)).toMatch(MADE)
  })

  test('is another one for each request', async () => {
    const all = [await idGiven({}), await idGiven({}), await idGiven({})]
    expect(new Set(all).size).toBe(3)
  })

  test('is the same for everything that happens in one request, whoever looks at it', async () => {
    const { signIn, callers } = gateOf(sallyport)
    const headers = { 'user-agent': 'one' }
    const first = viewOf({ headers: { ...headers } })
    const answer = await signIn(first, { subject: 'somebody' })
    const [, refresh = ''] = /__Host-refresh=([^;]+)/.exec(answer.cookies.join()) ?? []
    events.length = 0
    const again = { ...headers, cookie: `__Host-refresh=${refresh}` }
    await signIn(viewOf({ headers: again }), { subject: 'somebody' })
    const other = callers.of(viewOf({ headers: again }))
    expect(events.map(({ event }) => event)).toEqual(['session.ended', 'session.started'])
    expect(new Set([...ids(), other.request_id]).size).toBe(1)
  })

  test('is the same for all that one call of the application ends', async () => {
    const { signIn } = gateOf(sallyport)
    for (let count = 0; count < 3; count++) await signIn(viewOf({}), { subject: 'many' })
    events.length = 0
    await sallyport.sessions.revokeAll('many')
    expect(events).toHaveLength(3)
    expect(new Set(ids()).size).toBe(1)
    events.length = 0
    await sallyport.revokeAll()
    await sallyport.tokens.revoke('jti')
    sallyport.emit({ event: 'login.failed', outcome: 'failure' })
    expect(new Set(ids()).size).toBe(3)
    for (const id of ids()) expect(id).toMatch(MADE)
  })

  test('is the one that the application gives', () => {
    sallyport.emit({ event: 'login.failed', outcome: 'failure', request_id: 'mine' })
    expect(ids()).toEqual(['mine'])
  })
})
