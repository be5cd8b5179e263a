import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import type { Reply } from '../client.ts'
import { badLaterProofs, badRegistrations } from './bad-proofs.ts'
import { BOUND_COOKIE, Browser, browserKey, challengeIn, PROVING, proofBy, REGISTRATION } from './browser.ts'
import { startWorld, type World } from './world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** After this, refreshes that were under way at the registration are over. */
const SETTLED = 11 * SECOND
const RACERS = 64

const errorOf = (reply: Reply): readonly [number, string] => [reply.status, JSON.parse(reply.text).error]
const sessionOf = (reply: Reply): string => JSON.parse(reply.text).session_identifier
const OVER = (session: string) => ({ session_identifier: session, continue: false })

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const columns = (['Express', 'Koa', 'Fastify'] as const).flatMap((framework) =>
  (['memory', 'Redis'] as const).map((store) => ({ framework, store })),
)

describe.each(columns)(
  'a session that is bound to a key, on $framework and $store',
  ({ framework, store }) => {
    let world: World
    let browser: Browser
    beforeAll(async () => {
      world = await startWorld({ framework, redis: store === 'Redis' ? redis.url : undefined })
    })
    afterAll(() => world.close())
    beforeEach(() => {
      browser = new Browser(world.url)
      world.events.length = 0
    })

    test.each(['/sign-in', '/start'])('begins with a sign-in by %s that asks for one', async (path) => {
      const reply = await browser.register(await browser.signIn(path))
      expect(reply.status).toBe(200)
      expect(reply.headers['cache-control']).toEqual(['no-store'])
      expect(JSON.parse(reply.text)).toEqual({
        session_identifier: expect.stringMatching(/^[\w-]{38}$/),
        refresh_url: PROVING,
        scope: {
          include_site: false,
          scope_specification: [
            { type: 'exclude', domain: '*', path: '/' },
            { type: 'include', domain: '*', path: '/auth/refresh' },
          ],
        },
        credentials: [
          { type: 'cookie', name: BOUND_COOKIE, attributes: 'Path=/; Secure; HttpOnly; SameSite=Strict' },
        ],
        allowed_refresh_initiators: [],
      })
      expect(reply.headers['set-cookie']).toEqual([
        expect.stringMatching(
          /^__Host-bound=spb_[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
        ),
      ])
      const sid = sessionOf(reply)
      expect(world.events.at(-1)).toMatchObject({
        event: 'session.bound',
        sub: 'user-1',
        sid,
        client_id: 'web',
      })
      const sessions = await world.core.sessions.list('user-1')
      expect(sessions.find(({ id }) => id === sid)?.boundKey?.alg).toBe('ES256')
    })

    test('is refreshed with the cookie, and not without it', async () => {
      const sid = sessionOf(await browser.begin())
      world.clock.turn(SETTLED)
      expect((await browser.refresh()).status).toBe(200)
      const bound = browser.cookies.get(BOUND_COOKIE) ?? ''
      browser.cookies.delete(BOUND_COOKIE)
      expect(errorOf(await browser.refresh())).toEqual([401, 'invalid_grant'])
      const told = { event: 'token.refused', outcome: 'failure', reason: 'refresh_unproven', sid }
      expect(world.events.at(-1)).toMatchObject(told)
      browser.cookies.set(BOUND_COOKIE, bound)
      expect((await browser.refresh()).status).toBe(200)
    })

    test('gets the next cookie for a proof, by Chromium or by the letter', async () => {
      const sid = sessionOf(await browser.begin())
      world.clock.turn(12 * MINUTE)
      expect((await browser.refresh()).status).toBe(401)

      const asked = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': sid } })
      expect(asked.status).toBe(403)
      expect(asked.headers['secure-session-challenge']).toEqual([
        expect.stringMatching(new RegExp(`^"spc_[\\w-]+";id="${sid}"$`)),
      ])
      expect((await browser.prove(sid)).status).toBe(200)
      expect((await browser.refresh()).status).toBe(200)

      const quoted = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': `"${sid}"` } })
      const [, challenge] = /^"([^"]+)"/.exec(quoted.headers['secure-session-challenge']?.[0] ?? '') ?? []
      const proof = await proofBy(browser.key, { jti: challenge, aud: 'anything', iat: 5 })
      const reply = await browser.answer(`"${sid}";a=1`, `"${proof}"`)
      expect([reply.status, sessionOf(reply)]).toEqual([200, sid])
    })

    test('is of no use to whoever copied all cookies, once the cookie has run out', async () => {
      const sid = sessionOf(await browser.begin())
      world.clock.turn(SETTLED)
      const thief = browser.stolen()
      world.clock.turn(11 * MINUTE)
      expect((await thief.refresh()).status).toBe(401)
      expect(errorOf(await thief.prove(sid))).toEqual([400, 'invalid_request'])
      expect(world.events.at(-1)).toMatchObject({
        event: 'request.refused',
        reason: 'key_proof_signature',
        sid,
      })
      expect((await thief.refresh()).status).toBe(401)
      expect((await browser.prove(sid)).status).toBe(200)
      expect((await browser.refresh()).status).toBe(200)
    })

    test('ends in the browser with the log-out, and its cookie goes', async () => {
      const sid = sessionOf(await browser.begin())
      const cookies = [...browser.cookies]
      const reply = await browser.send({ path: '/auth/logout' })
      expect(reply.headers['set-cookie']).toEqual([
        expect.stringMatching(/^__Host-refresh=; Max-Age=0;/),
        expect.stringMatching(/^__Host-bound=; Max-Age=0;/),
      ])
      expect(browser.cookies.size).toBe(0)
      expect(JSON.parse((await browser.prove(sid)).text)).toEqual(OVER(sid))
      for (const [name, value] of cookies) browser.cookies.set(name, value)
      const late = await browser.prove(sid)
      expect([late.status, JSON.parse(late.text)]).toEqual([200, OVER(sid)])
      expect(late.headers['set-cookie']).toBeUndefined()
    })

    test(`is bound to one of ${RACERS} keys that are registered at once`, async () => {
      const challenge = await browser.signIn()
      const keys = Array.from({ length: RACERS }, () => browserKey())
      const jar = new Map(browser.cookies)
      const replies = await Promise.all(
        keys.map((key) => new Browser(world.url, key, new Map(jar)).register(challenge)),
      )
      const won = replies.flatMap(({ status }, index) => (status === 200 ? [index] : []))
      expect(won).toHaveLength(1)
      expect(replies.filter(({ status }) => status === 409)).toHaveLength(RACERS - 1)
      const [index = 0] = won
      const winner = new Browser(world.url, keys[index], new Map(jar))
      expect(
        (await winner.prove(sessionOf(replies[index] ?? { status: 0, headers: {}, text: '{}' }))).status,
      ).toBe(200)
    })

    test('is bound although refreshes race with the registration, none of which is refused', async () => {
      const challenge = await browser.signIn()
      const [registered, ...refreshed] = await Promise.all([
        browser.register(challenge),
        ...Array.from({ length: 8 }, () => browser.stolen().refresh()),
      ])
      expect([registered.status, ...refreshed.map(({ status }) => status)]).toEqual(Array(9).fill(200))
      expect((await browser.refresh()).status).toBe(200)
      world.clock.turn(SETTLED)
      browser.cookies.delete(BOUND_COOKIE)
      expect((await browser.refresh()).status).toBe(401)
    })

    test('is found by its cookies only with the bound one', async () => {
      const found = async (): Promise<boolean> =>
        JSON.parse((await browser.send({ method: 'GET', path: '/file' })).text).found
      expect(await found()).toBe(false)
      await browser.begin()
      world.clock.turn(SETTLED)
      expect(await found()).toBe(true)
      browser.cookies.delete(BOUND_COOKIE)
      expect(await found()).toBe(false)
    })

    test.each(['unreachable', 'server_error', 'quota_exceeded'])(
      'is not over when the browser says that it skipped the proof: %s',
      async (skipped) => {
        const sid = sessionOf(await browser.begin())
        world.clock.turn(SETTLED)
        browser.cookies.delete(BOUND_COOKIE)
        const headers = { 'secure-session-skipped': `${skipped};session_identifier="${sid}"` }
        const reply = await browser.refresh(headers)
        expect(errorOf(reply)).toEqual([503, 'temporarily_unavailable'])
        expect(reply.headers['retry-after']).toEqual(['1'])
        expect(world.events.at(-1)).toMatchObject({
          event: 'token.refused',
          reason: `proof_skipped_${skipped}`,
          sid,
        })
        await browser.prove(sid)
        expect((await browser.refresh(headers)).status).toBe(200)
      },
    )
  },
)

describe.each(['memory', 'Redis'])('of a key, on %s', (store) => {
  let world: World
  let browser: Browser
  beforeAll(async () => {
    world = await startWorld({ redis: store === 'Redis' ? redis.url : undefined })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser(world.url)
    world.events.length = 0
  })

  test.each(badRegistrations)('a registration is refused with $name', async ({ make, reason }) => {
    const challenge = await browser.signIn()
    const proof = await make({ key: browser.key, challenge })
    const reply = await browser.send({ path: REGISTRATION, headers: { 'secure-session-response': proof } })
    expect(errorOf(reply)).toEqual([400, 'invalid_request'])
    expect(reply.headers['set-cookie']).toBeUndefined()
    expect(world.events.at(-1)).toMatchObject({ event: 'request.refused', reason: `key_proof_${reason}` })
    expect(JSON.stringify(world.events) + reply.text).not.toContain(challenge)
    world.clock.turn(SETTLED)
    expect((await browser.refresh()).status).toBe(200)
    expect((await browser.register(challenge)).status).toBe(200)
  })

  test.each(badLaterProofs)('a later proof is refused with $name', async ({ make, reason }) => {
    const sid = sessionOf(await browser.begin())
    world.clock.turn(SETTLED)
    const asked = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': sid } })
    const [, challenge = ''] = /^"([^"]+)"/.exec(asked.headers['secure-session-challenge']?.[0] ?? '') ?? []
    const reply = await browser.answer(sid, String(await make({ key: browser.key, challenge })))
    expect(errorOf(reply)).toEqual([400, 'invalid_request'])
    expect(reply.headers['set-cookie']).toBeUndefined()
    expect(world.events.at(-1)).toMatchObject({
      event: 'request.refused',
      reason: `key_proof_${reason}`,
      sid,
    })
    expect((await browser.answer(sid, await proofBy(browser.key, { jti: challenge }))).status).toBe(200)
  })

  test.each([
    { what: 'no proof at all', headers: {} },
    { what: 'two proofs', headers: { 'secure-session-response': ['a', 'b'] } },
    { what: 'an empty one', headers: { 'secure-session-response': '' } },
    { what: 'a broken string', headers: { 'secure-session-response': '"eyJ' } },
  ])('a registration is refused with $what', async ({ headers }) => {
    await browser.signIn()
    expect(errorOf(await browser.send({ path: REGISTRATION, headers }))).toEqual([400, 'invalid_request'])
  })

  test('the RSA key of a TPM does as well', async () => {
    browser = new Browser(world.url, browserKey('RS256'))
    const sid = sessionOf(await browser.begin())
    world.clock.turn(12 * MINUTE)
    expect([(await browser.refresh()).status, (await browser.prove(sid)).status]).toEqual([401, 200])
    expect((await browser.refresh()).status).toBe(200)
  })

  test("another session's challenge registers nothing, although both are the same user's", async () => {
    const challenge = await new Browser(world.url).signIn()
    await browser.signIn()
    expect((await browser.register(challenge)).status).toBe(400)
    expect(world.events.at(-1)).toMatchObject({ reason: 'key_proof_challenge' })
  })

  test('a challenge of five minutes ago registers nothing', async () => {
    const challenge = await browser.signIn()
    world.clock.turn(5 * MINUTE)
    expect((await browser.register(challenge)).status).toBe(400)
  })

  test('a challenge of later proofs registers nothing, nor does one of a registration prove anything', async () => {
    const registering = await browser.signIn()
    const sid = sessionOf(await browser.register(registering))
    const again = await browser.answer(sid, await proofBy(browser.key, { jti: registering }))
    expect(again.status).toBe(403)
    const [, proving = ''] = /^"([^"]+)"/.exec(again.headers['secure-session-challenge']?.[0] ?? '') ?? []
    expect((await browser.register(proving)).status).toBe(400)
  })

  test('a second key is refused, the same one too, and the first stays', async () => {
    const challenge = await browser.signIn()
    const sid = sessionOf(await browser.register(challenge))
    expect(errorOf(await browser.register(challenge, { key: browserKey() }))).toEqual([
      409,
      'invalid_request',
    ])
    expect(world.events.at(-1)).toMatchObject({ event: 'request.refused', reason: 'key_taken', sid })
    expect((await browser.register(challenge)).status).toBe(409)
    expect((await browser.prove(sid)).status).toBe(200)
  })

  test('a registration without the session, or after its end, is refused', async () => {
    const challenge = await browser.signIn()
    const refresh = browser.cookies.get('__Host-refresh') ?? ''
    browser.cookies.clear()
    expect(errorOf(await browser.register(challenge))).toEqual([401, 'invalid_grant'])
    browser.cookies.set('__Host-refresh', `${refresh.slice(0, -1)}${refresh.endsWith('A') ? 'B' : 'A'}`)
    expect(errorOf(await browser.register(challenge))).toEqual([401, 'invalid_grant'])
    browser.cookies.set('__Host-refresh', refresh)
    await browser.stolen().send({ path: '/auth/logout' })
    expect(errorOf(await browser.register(challenge))).toEqual([401, 'invalid_grant'])
  })

  test.each([{}, { 'idempotency-key': 'a-key-of-sixteen-characters' }])(
    'a page that refreshes meanwhile (%j) stands in the way of no registration',
    async (headers) => {
      const challenge = await browser.signIn()
      const first = browser.cookies.get('__Host-refresh') ?? ''
      expect((await browser.send({ path: '/auth/refresh', headers })).status).toBe(200)
      const second = browser.cookies.get('__Host-refresh') ?? ''
      expect(second).not.toBe(first)
      browser.cookies.set('__Host-refresh', first)
      expect((await browser.register(challenge)).status).toBe(200)
      browser.cookies.set('__Host-refresh', second)
      expect((await browser.refresh()).status).toBe(200)
    },
  )

  test('a proof is good once, and a browser that sends it again is asked anew', async () => {
    const sid = sessionOf(await browser.begin())
    const asked = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': sid } })
    const [, challenge] = /^"([^"]+)"/.exec(asked.headers['secure-session-challenge']?.[0] ?? '') ?? []
    const proof = await proofBy(browser.key, { jti: challenge })
    const replies = await Promise.all(Array.from({ length: 8 }, () => browser.answer(sid, proof)))
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(403)])
    expect((await browser.prove(sid)).status).toBe(200)
  })

  test('a challenge of a minute ago is asked anew', async () => {
    const sid = sessionOf(await browser.begin())
    const asked = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': sid } })
    const [, challenge] = /^"([^"]+)"/.exec(asked.headers['secure-session-challenge']?.[0] ?? '') ?? []
    world.clock.turn(MINUTE)
    expect((await browser.answer(sid, await proofBy(browser.key, { jti: challenge }))).status).toBe(403)
  })

  test('a cookie of another session shows nothing, nor does one that was changed', async () => {
    const foreign = new Browser(world.url, browser.key)
    await foreign.begin()
    await browser.begin()
    world.clock.turn(SETTLED)
    const own = browser.cookies.get(BOUND_COOKIE) ?? ''
    const values = [foreign.cookies.get(BOUND_COOKIE) ?? '', own.slice(0, -2), `${own}A`, 'spb_', '']
    for (const value of values) {
      browser.cookies.set(BOUND_COOKIE, value)
      expect((await browser.refresh()).status).toBe(401)
    }
    browser.cookies.set(BOUND_COOKIE, own)
    expect((await browser.refresh()).status).toBe(200)
  })

  test('two different cookies show nothing: one was planted', async () => {
    await browser.begin()
    world.clock.turn(SETTLED)
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    expect((await browser.refresh({ cookie: `${cookie}; ${BOUND_COOKIE}=spb_other` })).status).toBe(401)
    expect((await browser.refresh()).status).toBe(200)
  })

  test('a cookie is good for a minute longer than the browser keeps it, and no longer', async () => {
    const sid = sessionOf(await browser.begin())
    world.clock.turn(11 * MINUTE - 1)
    expect((await browser.refresh()).status).toBe(200)
    await browser.prove(sid)
    world.clock.turn(11 * MINUTE)
    expect((await browser.refresh()).status).toBe(401)
  })

  test('a refresh without the cookie changes nothing: not even a replaced token is theft', async () => {
    const sid = sessionOf(await browser.begin())
    world.clock.turn(SETTLED)
    const thief = browser.stolen()
    thief.cookies.delete(BOUND_COOKIE)
    await browser.refresh()
    await browser.refresh()
    for (let time = 0; time < 3; time++) expect((await thief.refresh()).status).toBe(401)
    const other = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0' }
    expect((await thief.refresh(other)).status).toBe(401)
    expect(world.events.some(({ event }) => event === 'session.ended')).toBe(false)
    expect((await browser.refresh()).status).toBe(200)
    expect((await browser.prove(sid)).status).toBe(200)
  })

  test('whoever still has the cookie and uses a replaced token is found, as ever', async () => {
    await browser.begin()
    world.clock.turn(SETTLED)
    const thief = browser.stolen()
    await browser.refresh()
    await browser.refresh()
    expect((await thief.refresh()).status).toBe(401)
    expect(world.events.map(({ event }) => event)).toContain('refresh.reused')
  })

  test('the session of an earlier sign-in ends in the browser, and leaves the cookie of the later one', async () => {
    const earlier = sessionOf(await browser.begin())
    await browser.begin()
    world.clock.turn(SETTLED)
    const reply = await browser.prove(earlier)
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, OVER(earlier)])
    expect(reply.headers['set-cookie']).toBeUndefined()
    expect((await browser.refresh()).status).toBe(200)
  })

  test.each(['session', '"', 'a b', ''])(
    'a proof for a session called %j is refused, or ends it',
    async (name) => {
      await browser.begin()
      const reply = await browser.send({ path: PROVING, headers: { 'sec-secure-session-id': name } })
      expect([200, 404]).toContain(reply.status)
      if (reply.status === 200) expect(JSON.parse(reply.text)).toEqual(OVER(name))
    },
  )

  test('a session without a key is over for the browser that asks to prove one', async () => {
    const reply = await browser.send({ path: '/sign-in' })
    const { sid } = JSON.parse(
      Buffer.from(JSON.parse(reply.text).access_token.split('.')[1], 'base64url').toString(),
    )
    expect(JSON.parse((await browser.prove(sid)).text)).toEqual(OVER(sid))
    world.clock.turn(SETTLED)
    expect((await browser.refresh()).status).toBe(200)
  })

  test.each([REGISTRATION, PROVING])('%s is for no other site, and takes POST alone', async (path) => {
    await browser.begin()
    const cross = await browser.send({ path, headers: { 'sec-fetch-site': 'cross-site' } })
    expect(errorOf(cross)[0]).toBe(403)
    expect(cross.headers['secure-session-challenge']).toBeUndefined()
    const get = await browser.send({ method: 'GET', path })
    expect([get.status, get.headers.allow]).toEqual([405, ['POST, OPTIONS']])
  })

  test('a client that takes its tokens in bodies is asked for none', async () => {
    const reply = await browser.send({ path: '/sign-in', headers: { 'x-token-transport': 'body' } })
    expect(reply.headers['secure-session-registration']).toBeUndefined()
    const token: string = JSON.parse(reply.text).refresh_token
    world.clock.turn(SETTLED)
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await browser.send({ path: '/auth/token', headers, body })).status).toBe(200)
  })
})

test('a sign-in with a refused cross-site check offers nothing', async () => {
  const world = await startWorld()
  const reply = await new Browser(world.url).send({
    path: '/sign-in',
    headers: { 'sec-fetch-site': 'cross-site' },
  })
  expect([reply.status, challengeIn(reply)]).toEqual([403, ''])
  await world.close()
})
