import { createSallyport, memoryStore, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { viewOf } from './view.ts'

const events: SallyportEvent[] = []
const notices: string[] = []
let sallyport: Awaited<ReturnType<typeof createSallyport>>

beforeAll(async () => {
  sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    issuer: 'https://auth.example.com',
  })
  sallyport.on('event', (event) => events.push(event))
})
beforeEach(() => {
  events.length = 0
  notices.length = 0
})
afterAll(() => sallyport.close())

/** Control characters, line and paragraph separators, controls of the writing direction, halves of characters. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const hostile = fc.constantFrom(
  ...['\n', '\r', '\u0000', '\u001b[31m', '\u007f', '\u0085', '\u009b', '\u200b', '\u202e', '\u2028'],
  ...['\u2029', '\u2066', '\ud800', '\udc00', '\ufeff', '\u{e0041}', '\u{1f600}'],
)
const text = fc
  .array(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 60 })), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(''))

function expectClean(): void {
  expect(events.length).toBeGreaterThan(0)
  for (const event of events)
    for (const [name, value] of Object.entries(event)) {
      expect(value, name).not.toMatch(HOSTILE)
      expect(String(value).length, name).toBeLessThanOrEqual(255)
    }
}

test('no string of an event that the application emits has a character that a viewer might interpret', () => {
  const member = fc.constantFrom(
    'sub',
    'sid',
    'jti',
    'kid',
    'client_id',
    'ip',
    'user_agent',
    'reason',
    'more',
  )
  fc.assert(
    fc.property(fc.dictionary(member, text), (members) => {
      events.length = 0
      sallyport.emit({ event: 'login.failed', outcome: 'failure', ...members })
      expectClean()
      expect(Object.keys(events[0] ?? {}).sort()).toEqual(
        ['event', 'outcome', 'time', 'request_id', ...Object.keys(members)].sort(),
      )
    }),
  )
})

test('nor has one that a call or a request causes', async () => {
  const code = text.map((given) => `x${given}`.slice(0, 255))
  // No name has these, of whatever else it is made.
  const name = code.map((given) => given.replace(/[\0\p{Cs}]/gu, ''))
  await fc.assert(
    fc.asyncProperty(name, code, async (subject, reason) => {
      events.length = 0
      const headers = { 'user-agent': reason }
      await gateOf(sallyport).signIn(viewOf({ headers }), { subject })
      await sallyport.tokens.revoke(subject, { reason })
      await sallyport.tokens.verify(reason, { headers })
      await sallyport.keys.compromise(subject)
      await sallyport.sessions.revokeAll(subject, { reason })
      expect(new Set(events.map(({ event }) => event))).toEqual(
        new Set(['session.started', 'token.revoked', 'token.refused', 'key.compromised', 'session.ended']),
      )
      expectClean()
    }),
    { numRuns: 50 },
  )
})

test('what is printable stays as it is', () => {
  const sub = 'Zo\u00eb \u4e2d\u6587 \u{1f600} "quoted" <b>'
  sallyport.emit({ event: 'login.failed', outcome: 'failure', sub })
  expect(events).toMatchObject([{ sub }])
})

test('nor do notices show such a character of a request', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
  const [refresh] = gateOf(sallyport).routes(['refresh'])
  await refresh?.handle(viewOf({ host: 'a\u009b31m', headers: { origin: 'https://b\u202e.example\u0085' } }))
  vi.restoreAllMocks()
  expect(notices).toEqual([expect.stringContaining('Origin: "https://b?.example?", Host: "a?31m"')])
})
