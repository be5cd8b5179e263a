import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { verifyTrail } from '@sallyport/audit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Host, type HostName, type Hosts, hostNames, startHosts } from '../support/hosts.ts'
import { expectReply } from './expectations.ts'
import { agents, bearer, json, login, PASSWORD, refreshBy, signedIn, Visitor } from './visitor.ts'

/** What an event may tell, and nothing else. */
const MEMBERS = new Set([
  'time',
  'event',
  'outcome',
  'sub',
  'sid',
  'jti',
  'kid',
  'client_id',
  'ip',
  'previous_ip',
  'changed',
  'user_agent',
  'reason',
  'request_id',
  'chain',
])
const EVENTS = new Set([
  'session.started',
  'session.refreshed',
  'session.ended',
  'login.failed',
  'account.locked',
  'refresh.reused',
  'refresh.mismatched',
  'refresh.contested',
  'device.changed',
  'token.refused',
  'token.revoked',
  'password.changed',
  'stepup.granted',
  'request.refused',
  'key.rotated',
  'key.compromised',
  'decision.degraded',
  'store.rollback',
  'delivery.failed',
])
const KEY = randomBytes(32).toString('base64url')
const CANARY = {
  user: 'canary-user-6f0c2d',
  password: 'canary-password-83b1e7',
  next: 'canary-next-password-2a94',
  token: 'canary-token-51f8aa',
  cookie: 'canary-cookie-c07d39',
  key: 'canary-key-of-an-attempt-4be8d1',
  form: 'canary-form-9e6b42',
  query: 'canary-query-f2d160',
} as const

/** Texts by which a header would write a line of its own, or disturb whoever reads the log. */
const FORGERIES: readonly string[] = [
  '{"time":"2026-01-01T00:00:00.000Z","event":"session.started","outcome":"success"}',
  '"}{"event":"key.compromised"}',
  '","event":"key.compromised","x":"',
  '%0d%0a{"event":"key.compromised"}',
  '\\n{"event":"key.compromised"}',
  '\\u000a{"event":"key.compromised"}',
  '\u0085{"event":"key.compromised"}',
  '\u00e2\u0080\u00a8{"event":"key.compromised"}',
  'a\tb',
  '\u009b31mred',
  '<script>alert(1)</script>',
  `=cmd|' /C calc'!A0`,
  '%s%s%n$' + '{jndi:ldap://x.test/a}',
  '__proto__',
  'x'.repeat(4000),
  '\u00ff\u00fe',
]

interface Written {
  readonly text: string
  readonly lines: readonly string[]
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** Every token and refresh token that was handed out. */
  readonly secrets: readonly string[]
}

const dead = { status: 401, error: 'invalid_grant', cookie: 'kept' } as const
const refused = { status: 401, error: 'invalid_token' } as const

const written = new Map<HostName, Written>()
let hosts: Hosts

beforeAll(async () => {
  hosts = await startHosts({ AUDIT_KEY: KEY })
  for (const name of hostNames) {
    const secrets = await act(hosts.named(name))
    const text = await readFile(hosts.named(name).auditFile, 'utf8')
    const lines = text.split('\n').slice(0, -1)
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    written.set(name, { text, lines, events, secrets })
  }
})
afterAll(() => hosts?.close())

/** Does everything that is audited, and what must not be; gives the secrets that it was handed. */
async function act(host: Host): Promise<string[]> {
  const visitor = new Visitor(host, 1)
  const secrets: string[] = []
  const keep = <T extends { readonly token: string; readonly refresh: string }>(held: T): T => {
    secrets.push(held.token, held.refresh)
    return held
  }

  await visitor.expect(login(CANARY.user, CANARY.password), { status: 401 })
  await visitor.expect(login(visitor.user, CANARY.password), { status: 401 })
  await visitor.expect(login('alice', CANARY.password), { status: 401 })

  const first = keep(await visitor.signIn())
  const second = keep(signedIn(await visitor.refresh(first.refresh)))
  const third = keep(signedIn(await visitor.refresh(second.refresh)))
  expectReply(await visitor.refresh(first.refresh), dead)
  expectReply(await visitor.me(third.token), refused)

  const moved = keep(await visitor.signIn())
  expectReply(await visitor.refresh(moved.refresh, { 'user-agent': agents.firefox }), dead)

  const own = keep(await visitor.signIn())
  const other = keep(await visitor.signIn())
  const removal = { method: 'DELETE', path: `/auth/sessions/${other.sid}`, headers: bearer(own.token) }
  await visitor.expect(removal, { status: 204 })
  const body = json({ current: PASSWORD, next: CANARY.next })
  const headers = { ...body.headers, ...bearer(own.token) }
  await visitor.expect({ ...body, headers, method: 'POST', path: '/auth/password' }, { status: 204 })
  const logoutAll = { method: 'POST', path: '/auth/logout-all', headers: bearer(own.token) }
  await visitor.expect(logoutAll, { status: 204 })
  const native = keep(await visitor.signIn(visitor.other, { 'x-token-transport': 'body' }))
  expectReply(await visitor.exchange(native.refresh, { client_id: 'web' }), { status: 400 })
  keep(signedIn(await visitor.exchange(native.refresh)))
  const older = keep(await visitor.signIn(visitor.other, { 'user-agent': agents.chrome127 }))
  keep(signedIn(await visitor.refresh(older.refresh)))
  const keyed = keep(await visitor.signIn(visitor.other, { 'idempotency-key': CANARY.key }))
  keep(signedIn(await visitor.refresh(keyed.refresh)))
  keep(signedIn(await visitor.refresh(keyed.refresh, { 'idempotency-key': CANARY.key })))
  keep(await visitor.signIn(visitor.other, { cookie: `__Host-refresh=${keyed.refresh}` }))

  for (const token of [CANARY.token, `${first.token}x`, `${CANARY.token}.${CANARY.token}.${CANARY.token}`])
    expectReply(await visitor.me(token), refused)
  expectReply(await visitor.refresh(CANARY.cookie), dead)
  expectReply(await visitor.exchange(CANARY.form), { status: 400 })
  await visitor.expect({ path: `/api/me?access_token=${CANARY.query}`, headers: bearer('x') }, refused)
  for (const forgery of FORGERIES) {
    const forged = { 'user-agent': forgery, 'x-forwarded-for': forgery, 'x-request-id': forgery }
    await visitor.expect({ path: '/api/me', headers: { ...forged, ...bearer('x') } }, refused)
    await visitor.expect(refreshBy('x', forged), dead)
    keep(await visitor.signIn(visitor.other, forged))
  }
  return secrets
}

function writtenBy(name: HostName): Written {
  const found = written.get(name)
  if (found === undefined) throw new RangeError(`${name} wrote nothing`)
  return found
}

const shape = ({ event, outcome, reason, user_agent }: Readonly<Record<string, unknown>>): unknown[] => [
  event,
  outcome,
  reason,
  user_agent,
]

describe.each(hostNames)('the audit trail of %s', (name) => {
  test('holds one JSON object a line, with time, event and outcome', () => {
    const { text, events } = writtenBy(name)
    expect(text.endsWith('\n')).toBe(true)
    for (const { time, outcome } of events) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(['success', 'failure']).toContain(outcome)
    }
  })

  test('tells nothing but what an event may tell, as texts of limited length', () => {
    for (const event of writtenBy(name).events)
      for (const [member, value] of Object.entries(event)) {
        expect(MEMBERS).toContain(member)
        expect(value).toBeTypeOf('string')
        expect(String(value).length).toBeLessThanOrEqual(256)
      }
  })

  test('uses the names of the contract', () => {
    for (const { event } of writtenBy(name).events) expect(EVENTS).toContain(event)
  })

  test('tells of every start, refresh, end, theft and refused token', () => {
    const { events, secrets } = writtenBy(name)
    const count = (event: string): number => events.filter((one) => one.event === event).length
    expect(count('session.started') + count('session.refreshed')).toBe(secrets.length / 2)
    expect(count('refresh.reused')).toBe(1)
    expect(count('refresh.mismatched')).toBe(1)
    expect(count('refresh.contested')).toBe(1)
    const access = events.filter((one) => one.event === 'token.refused' && /^token_/.test(String(one.reason)))
    expect(access).toHaveLength(5 + FORGERIES.length)
    const ends = events.filter((one) => one.event === 'session.ended').map((one) => one.reason)
    expect(ends).toEqual([
      'refresh.reused',
      'refresh.mismatched',
      'revoked_by_user',
      'logout_all',
      'replaced',
    ])
  })

  test('tells who started a session: subject, session, token, key, client, address, agent', () => {
    const [started] = writtenBy(name).events.filter((one) => one.event === 'session.started')
    expect(started).toEqual({
      time: expect.any(String),
      event: 'session.started',
      outcome: 'success',
      sub: expect.stringMatching(/^usr_/),
      sid: expect.any(String),
      jti: expect.any(String),
      kid: expect.any(String),
      client_id: 'web',
      ip: '127.0.0.1',
      user_agent: agents.chrome126,
      request_id: expect.stringMatching(/^[\w-]{16}$/),
      chain: expect.any(String),
    })
  })

  test('holds no token, no cookie, no password and no user name that was typed', () => {
    const { text, secrets } = writtenBy(name)
    for (const canary of [...Object.values(CANARY), PASSWORD]) expect(text).not.toContain(canary)
    for (const secret of secrets) {
      expect(text).not.toContain(secret)
      for (const part of secret.replace('spr_', '').split('.')) expect(text).not.toContain(part)
    }
  })

  test('lets no header write a line, a member or an event of its own', () => {
    const { events } = writtenBy(name)
    expect(events.some(({ event }) => event === 'key.compromised')).toBe(false)
    const addresses = events.map(({ ip }) => ip).filter((ip) => ip !== undefined)
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']))
  })

  test('holds no control character, of which a reader might make a line or a colour', () => {
    const controls = /[\p{Cc}\u2028\u2029]/u
    expect(writtenBy(name).lines.filter((line) => controls.test(line))).toEqual([])
  })

  test('is whole, and shows each change under the key', async () => {
    const { auditFile: path } = hosts.named(name)
    const { lines } = writtenBy(name)
    expect(await verifyTrail({ path, key: KEY })).toMatchObject({ kind: 'whole' })
    const changed = join(await mkdtemp(join(tmpdir(), 'sallyport-audit-')), basename(path))
    const folder = dirname(path)
    for (const head of (await readdir(folder)).filter((one) =>
      one.startsWith(`${basename(path, '.jsonl')}.`),
    ))
      await copyFile(join(folder, head), join(dirname(changed), head))
    const verdictOf = async (kept: readonly string[]) => {
      await writeFile(changed, `${kept.join('\n')}\n`)
      return verifyTrail({ path: changed, key: KEY })
    }
    const [first = '', second = '', ...rest] = lines
    expect(await verdictOf(lines)).toMatchObject({ kind: 'whole' })
    for (const [kept, kind] of [
      [[first, ...rest], 'missing'],
      [[first, second.replace('"outcome"', '"result"'), ...rest], 'edited'],
      [[second, first, ...rest], 'reordered'],
      [lines.slice(0, -1), 'cut'],
    ] as const)
      expect(await verdictOf(kept)).toMatchObject({ kind: 'broken', fault: { kind } })
  })

  test('tells what the trail of the first host tells', () => {
    const [first = name] = hostNames
    expect(writtenBy(name).events.map(shape)).toEqual(writtenBy(first).events.map(shape))
  })
})
