import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonOf } from '../conformance/expectations.ts'
import { bearer, login, type SignedIn, signedIn, Visitor } from '../conformance/visitor.ts'
import { readEvents } from '../support/event-reader.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]
const PASSWORD = 'correct horse battery staple'
const SESSION = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

let hosts: Hosts
let visitors = 0
beforeAll(async () => {
  hosts = await startHosts({}, names)
})
afterAll(() => hosts?.close())

/** Every route of the API. The last ones change something, for a name that nobody has. */
const ROUTES = [
  { method: 'GET', path: '/operator/api/overview', status: 200 },
  { method: 'GET', path: '/operator/api/sessions', status: 200 },
  { method: 'GET', path: '/operator/api/users/nobody/sessions', status: 200 },
  { method: 'POST', path: '/operator/api/users/nobody/revoke', status: 200 },
  { method: 'DELETE', path: `/operator/api/sessions/${SESSION}`, status: 404 },
  { method: 'POST', path: '/operator/api/keys/nokey/compromise', status: 404 },
  { method: 'POST', path: '/operator/api/keys/rotate', status: 200 },
] as const

describe.each(names)('the operator’s API of %s', (name) => {
  async function visit() {
    const visitor = new Visitor(hosts.named(name), 700 + visitors++)
    const operator = await visitor.signIn('admin')
    const as = { headers: bearer(operator.token) }
    return {
      ...{ visitor, operator },
      get: async (path: string) =>
        jsonOf(await visitor.expect({ path: `/operator/api/${path}`, ...as }, { status: 200 })),
      post: async (path: string) =>
        jsonOf(
          await visitor.expect({ method: 'POST', path: `/operator/api/${path}`, ...as }, { status: 200 }),
        ),
      events: () => readEvents(`${visitor.host.url}/operator/api/events`, operator.token),
      live: ({ token }: SignedIn) => readEvents(`${visitor.host.url}/auth/live`, token),
    }
  }

  test.each(ROUTES)('$method $path is for operators', async ({ method, path, status }) => {
    const { visitor, operator } = await visit()
    const user = await visitor.signIn()
    await visitor.expect({ method, path }, { status: 401, challenge: 'bare' })
    const headers = bearer(user.token)
    await visitor.expect({ method, path, headers }, { status: 403, error: 'insufficient_scope' })
    await visitor.expect({ method, path, headers: bearer(operator.token) }, { status })
  })

  test('so is the stream of events', async () => {
    const { visitor } = await visit()
    const user = await visitor.signIn()
    const path = '/operator/api/events'
    await visitor.expect({ path }, { status: 401, challenge: 'bare' })
    const headers = bearer(user.token)
    await visitor.expect({ path, headers }, { status: 403, error: 'insufficient_scope' })
  })

  test('events come as they happen, after those of before', async () => {
    const { visitor, events, operator } = await visit()
    const before = await visitor.signIn()
    const stream = await events()
    const told = (event: string, sid: string) =>
      stream.events().find(({ content }) => content.event === event && content.sid === sid)
    await stream.until(() => told('session.started', before.sid) !== undefined)
    const user = await visitor.signIn(visitor.other)
    await stream.until(() => told('session.started', user.sid) !== undefined)
    expect(told('session.started', user.sid)).toMatchObject({
      name: 'told',
      content: { sub: user.sub, outcome: 'success', ip: '127.0.0.1', device: 'Chrome on Linux' },
    })
    for (const secret of [user.token, user.refresh, operator.token])
      expect(stream.text()).not.toContain(secret)
    stream.hangUp()
  })

  test('a User-Agent forges no event', async () => {
    const { visitor, events } = await visit()
    const stream = await events()
    // No client can send a line break in a header; these are what else some parser takes for one.
    const agent = 'x\u0085event: forged\u0085data: {}\u0085\u0085 "}\\n\\ndata: {"event":"forged"} \u00ff'
    const { sid } = signedIn(
      await visitor.send(
        login(visitor.user, PASSWORD, { 'user-agent': Buffer.from(agent).toString('latin1') }),
      ),
    )
    await stream.until(({ events: all }) => all().some(({ content }) => content.sid === sid))
    expect(new Set(stream.events().map((one) => one.name))).toEqual(new Set(['told']))
    expect(stream.events().every(({ content }) => content.event !== 'forged')).toBe(true)
    stream.hangUp()
  })

  test('a user is signed out everywhere, and told so at once', async () => {
    const { visitor, events, live, post, get, operator } = await visit()
    const [one, two] = [await visitor.signIn(), await visitor.signIn()]
    const bystander = await visitor.signIn(visitor.other)
    const [stream, first, second] = [await events(), await live(one), await live(two)]
    const listed = await get(`users/${one.sub}/sessions`)
    expect(listed.sessions).toEqual(
      [two, one].map(({ sid, sub }) => ({
        ...{ sid, sub, device: 'Chrome on Linux', ip: '127.0.0.1' },
        started_at: expect.stringMatching(/^\d{4}-.*Z$/),
        last_seen_at: expect.stringMatching(/^\d{4}-.*Z$/),
      })),
    )
    expect(await post(`users/${one.sub}/revoke`)).toEqual({ ended: 2 })
    expect([await first.complete, await second.complete]).toEqual([true, true])
    await visitor.expectEnded(one)
    await visitor.expectEnded(two)
    await visitor.expectAlive(bystander)

    const endings = () =>
      stream.events().filter(({ content }) => content.event === 'session.ended' && content.sub === one.sub)
    await stream.until(() => endings().length === 2)
    const act = stream.events().findLast(({ content }) => content.action === 'operator:revoke_user')
    expect(act?.content).toMatchObject({ event: 'policy.permitted', sub: operator.sub, ip: '127.0.0.1' })
    for (const { content } of endings()) {
      expect(content).toMatchObject({ reason: 'revoked_by_operator', request_id: act?.content.request_id })
      // The address would be the operator's, and the user is shown this event.
      expect(content).not.toHaveProperty('ip')
    }
    stream.hangUp()
  })

  test('one session is ended, once', async () => {
    const { visitor, operator } = await visit()
    const [ends, stays] = [await visitor.signIn(), await visitor.signIn()]
    const path = `/operator/api/sessions/${ends.sid}`
    const request = { method: 'DELETE', path, headers: bearer(operator.token) }
    await visitor.expect(request, { status: 204 })
    await visitor.expectEnded(ends)
    await visitor.expect(request, { status: 404, error: 'not_found' })
    await visitor.expectAlive(stays)
  })

  test('the stream ends with the operator’s own session', async () => {
    const { visitor, events, operator } = await visit()
    const stream = await events()
    await visitor.send({ method: 'POST', path: '/auth/logout', headers: bearer(operator.token) })
    expect(await stream.complete).toBe(true)
    expect(stream.events().at(-1)).toEqual({ name: 'end', content: {} })
  })

  test('the overview counts what happened in the last minutes', async () => {
    const { visitor, get } = await visit()
    const sum = (counts: unknown, kind: string): number =>
      (counts as Record<string, number[]>)[kind]?.reduce((all, one) => all + one, 0) ?? 0
    const before = await get('overview')
    const user = await visitor.signIn()
    await visitor.refresh(user.refresh)
    await visitor.send(login(visitor.user, 'wrong'))
    const after = await get('overview')
    for (const kind of ['sign_ins', 'refreshes', 'refusals', 'alerts'])
      expect((after.counts as Record<string, number[]>)[kind]).toHaveLength(60)
    for (const kind of ['sign_ins', 'refreshes', 'refusals'])
      expect(sum(after.counts, kind) - sum(before.counts, kind)).toBe(1)
    expect(Number(after.sessions_in_use) - Number(before.sessions_in_use)).toBe(1)
    expect(after.process).toMatch(/:\d+$/)
    const { sessions } = (await get('sessions')) as { sessions: { sid: string; device: string }[] }
    expect(sessions[0]).toMatchObject({ sid: user.sid, sub: user.sub, device: 'Chrome on Linux' })
    await visitor.send({ method: 'POST', path: '/auth/logout', headers: bearer(user.token) })
    expect(((await get('sessions')).sessions as { sid: string }[]).map(({ sid }) => sid)).not.toContain(
      user.sid,
    )
  })

  test('names that no user can have are answered, too', async () => {
    const { visitor, operator } = await visit()
    const headers = bearer(operator.token)
    for (const user of ['x'.repeat(300), '%00', '%F0%9F%98%80', 'a%2Fb', '..%2f..'])
      for (const request of [
        { path: `/operator/api/users/${user}/sessions` },
        { method: 'POST', path: `/operator/api/users/${user}/revoke` },
        { method: 'DELETE', path: `/operator/api/sessions/${user}` },
      ]) {
        const { status } = await visitor.send({ ...request, headers })
        expect(status).toBe(404)
      }
  })
})

test.each(names)('on %s a key is rotated, and a leaked one is taken out of use', async (name) => {
  const own = await startHosts({}, [name])
  try {
    const visitor = new Visitor(own.named(name), 1)
    const operator = await visitor.signIn('admin')
    const post = async (path: string) => {
      const request = { method: 'POST', path: `/operator/api/keys/${path}`, headers: bearer(operator.token) }
      const reply = await visitor.expect(request, { status: 200 })
      return (jsonOf(reply) as { keys: Record<string, unknown>[] }).keys
    }
    const rotated = await post('rotate')
    expect(rotated.map(({ state }) => state)).toEqual(['pending', 'active'])
    const active = rotated.at(-1)
    expect(active).toMatchObject({
      alg: 'EdDSA',
      age_seconds: expect.any(Number),
      next: rotated[0]?.created_at,
    })
    const left = await post(`${active?.kid}/compromise`)
    expect(left.map(({ kid }) => kid)).not.toContain(active?.kid)
    await visitor.expect(
      { path: '/api/me', headers: bearer(operator.token) },
      { status: 401, error: 'invalid_token' },
    )
  } finally {
    await own.close()
  }
})
