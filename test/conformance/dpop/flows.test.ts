import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Reply } from '../client.ts'
import { type Changes, proof } from './proofs.ts'
import { allFrameworks, World, type WorldOptions } from './world.ts'

const open: World[] = []
async function world(options: WorldOptions = {}): Promise<World> {
  const made = await World.start(options)
  open.push(made)
  return made
}
afterEach(async () => {
  vi.restoreAllMocks()
  for (const one of open.splice(0)) await one.close()
})

const ALGS = 'algs="ES256 EdDSA Ed25519 PS256 RS256"'
const challengeOf = ({ headers }: Reply): string | undefined => headers['www-authenticate']?.join(' | ')
const errorOf = ({ text }: Reply): unknown => JSON.parse(text).error

describe.each(allFrameworks)('on %s', (framework) => {
  test.each([
    ['nothing at all', {}],
    ['the scheme in lower case', { headers: { authorization: 'dpop {token}' } }],
    ['a query', { path: '/me?a=b&c' }],
    ['POST', { method: 'POST' }],
    ['DELETE', { method: 'DELETE' }],
    ['HEAD', { method: 'HEAD' }],
    ['a route below a prefix', { path: '/nested/api/me' }],
    ['a route of the library below a prefix', { path: '/auth/sessions' }],
  ])(
    'a good proof is accepted, with %s',
    async (_name, { headers, ...given }: { headers?: object; path?: string; method?: string }) => {
      const here = await world({ framework })
      const token = await here.token()
      const fields = headers === undefined ? {} : { headers: { authorization: `dpop ${token}` } }
      const reply = await here.ask(
        token,
        { claims: { htu: here.about(token, given).url.split('?')[0] } },
        { ...given, ...fields },
      )
      expect(reply.status).toBe(200)
      expect(reply.headers['dpop-nonce']).toBeUndefined()
      expect(here.events).toEqual([])
    },
  )

  test('challenges name both schemes, and say what is wrong in the one that was used', async () => {
    const here = await world({ framework })
    const get = (headers: Record<string, string | string[]>, path = '/me'): Promise<Reply> =>
      here.send({ path, headers })
    for (const path of ['/me', '/auth/sessions']) {
      const nothing = await get({}, path)
      expect([nothing.status, errorOf(nothing), challengeOf(nothing)]).toEqual([
        401,
        'unauthorized',
        `Bearer, DPoP ${ALGS}`,
      ])
      const bearer = await get({ authorization: 'Bearer x' }, path)
      expect(challengeOf(bearer)).toBe(
        `Bearer error="invalid_token", error_description="the access token is malformed", DPoP ${ALGS}`,
      )
      const bound = await get({ authorization: 'DPoP x' }, path)
      expect(challengeOf(bound)).toBe(
        `DPoP error="invalid_token", error_description="the access token is malformed", ${ALGS}`,
      )
      const empty = await get({ authorization: 'DPoP' }, path)
      expect([empty.status, errorOf(empty)]).toEqual([401, 'invalid_token'])
      const twice = await get({ authorization: ['DPoP x', 'Bearer x'] }, path)
      expect([twice.status, errorOf(twice)]).toEqual([400, 'invalid_request'])
    }
    const token = await here.token()
    const scoped = await here.ask(token, {}, { path: '/scoped' })
    expect([scoped.status, challengeOf(scoped)]).toEqual([
      403,
      `DPoP error="insufficient_scope", error_description="the access token lacks a scope", scope="write", ${ALGS}`,
    ])
    const plain = await get({ authorization: `Bearer ${await here.token({ cnf: undefined })}` }, '/scoped')
    expect([plain.status, challengeOf(plain)]).toEqual([
      403,
      'Bearer error="insufficient_scope", error_description="the access token lacks a scope", scope="write"',
    ])
  })

  test('a bound token is no bearer token, a bearer token needs no proof, and neither is the other', async () => {
    const here = await world({ framework })
    const [bound, plain] = [await here.token(), await here.token({ cnf: undefined })]
    const dpop = proof(here.about(bound))
    for (const headers of [
      { authorization: `Bearer ${bound}` },
      { authorization: `Bearer ${bound}`, dpop },
    ]) {
      const reply = await here.send({ path: '/me', headers })
      expect([reply.status, errorOf(reply)]).toEqual([401, 'invalid_token'])
      expect(challengeOf(reply)).toMatch(/^Bearer error="invalid_token".*, DPoP algs=/)
    }
    expect(here.events.map((event) => event.reason)).toEqual(['token_confirmation', 'token_confirmation'])
    const unbound = await here.ask(plain)
    expect([unbound.status, errorOf(unbound)]).toEqual([401, 'invalid_token'])
    expect(here.events.at(-1)?.reason).toBe('token_unbound')
    expect((await here.send({ path: '/me', headers: { authorization: `Bearer ${plain}` } })).status).toBe(200)
    const beside = { authorization: `Bearer ${plain}`, dpop: 'anything' }
    expect((await here.send({ path: '/me', headers: beside })).status).toBe(200)
    expect(here.reached).toBe(2)
  })

  test('a proof is good once, however the request is spelled', async () => {
    const here = await world({ framework })
    const token = await here.token()
    const dpop = proof(here.about(token))
    const headers = { authorization: `DPoP ${token}`, dpop }
    expect((await here.send({ path: '/me', headers })).status).toBe(200)
    const again = [
      here.send({ path: '/me', headers }),
      here.send({ path: '/me?x', headers }),
      here.send({ path: '/m%65', headers }),
      here.send({ path: '/me', headers: { ...headers, authorization: `dpop ${token}` } }),
    ]
    const replies = await Promise.all(again)
    for (const reply of replies.filter(({ status }) => status !== 404)) {
      expect([reply.status, errorOf(reply)]).toEqual([401, 'invalid_dpop_proof'])
      expect(challengeOf(reply)).toContain('the DPoP proof was used before')
    }
    expect(here.events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'dpop_replayed' })
    expect(here.reached).toBe(1)
    // Another proof by the same key with the same jti is no other proof.
    const jti = 'the-same-for-each'
    expect((await here.ask(token, { claims: { jti } })).status).toBe(200)
    expect((await here.ask(token, { claims: { jti } }, { path: '/nested/api/me' })).status).toBe(401)
  })

  test('a proof is good for all that checks one request, and for no other request', async () => {
    const here = await world({ framework })
    const token = await here.token()
    const path = '/twice'
    const headers = { authorization: `DPoP ${token}`, dpop: proof(here.about(token, { path })) }
    expect((await here.send({ path, headers })).status).toBe(200)
    expect((await here.send({ path, headers })).status).toBe(401)
    expect([here.reached, here.events.at(-1)?.reason]).toEqual([1, 'dpop_replayed'])
  })

  test('sessions.end ends the session of the caller whom authMiddleware has let through', async () => {
    const here = await world({ framework })
    const signIn = { method: 'POST', path: '/sign-in' }
    const dpop = proof(here.about(undefined, signIn))
    const { text } = await here.send({ ...signIn, headers: { dpop, 'x-token-transport': 'body' } })
    const { access_token: token } = JSON.parse(text)
    const out = await here.ask(token, {}, { method: 'POST', path: '/sign-out' })
    expect([out.status, JSON.parse(out.text)]).toEqual([200, { ended: [decodeJwt(token).sid] }])
    expect((await here.ask(token)).status).toBe(401)
  })

  test('of 64 requests at once with one proof, one is served', async () => {
    const here = await world({ framework })
    const token = await here.token()
    const headers = { authorization: `DPoP ${token}`, dpop: proof(here.about(token)) }
    const replies = await Promise.all(Array.from({ length: 64 }, () => here.send({ path: '/me', headers })))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(63)
    expect(here.reached).toBe(1)
  })

  test('where nonces are required, a client learns them from the answers, before the old one is over', async () => {
    const here = await world({ framework, options: { dpop: { nonce: true } } })
    const token = await here.token()
    const asked = await here.ask(token)
    expect([asked.status, errorOf(asked)]).toEqual([401, 'use_dpop_nonce'])
    expect(challengeOf(asked)).toMatch(/^DPoP error="use_dpop_nonce", error_description="[^"]+", algs=/)
    expect(asked.headers['cache-control']).toEqual(['no-store'])
    expect(here.events).toEqual([])
    const [nonce] = asked.headers['dpop-nonce'] ?? []
    const ask = (used = nonce, claims: object = {}) => here.ask(token, { claims: { nonce: used, ...claims } })

    const served = await ask()
    expect([served.status, served.headers['dpop-nonce']]).toEqual([200, undefined])
    // The clock of the client does not matter.
    expect((await ask(nonce, { iat: 0 })).status).toBe(200)
    expect((await ask(nonce, { iat: 2 ** 40 })).status).toBe(200)

    here.clock.turn(151_000)
    const renewed = await ask()
    expect(renewed.status).toBe(200)
    expect(renewed.headers['cache-control']).toEqual(['no-store'])
    const [next] = renewed.headers['dpop-nonce'] ?? []
    expect(next).not.toBe(nonce)
    expect(
      (await here.ask(token, { claims: { nonce } }, { path: '/auth/sessions' })).headers['dpop-nonce'],
    ).toEqual([next])
    here.clock.turn(149_000)
    expect((await ask()).status).toBe(401)
    expect((await ask(next)).status).toBe(200)
  })

  test('behind a proxy that is trusted, the URL is what the client asked; without trust, it is not', async () => {
    const notices = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.test' }
    for (const proxied of [true, false]) {
      const here = await world({ framework, proxied })
      const token = await here.token()
      const outside: Changes = { claims: { htu: 'https://api.example.test/me' } }
      expect((await here.ask(token, outside, { headers: forwarded })).status).toBe(proxied ? 200 : 401)
      expect((await here.ask(token, {}, { headers: forwarded })).status).toBe(proxied ? 401 : 200)
    }
    expect(notices.mock.calls.map(([notice]) => String(notice))).toContainEqual(
      expect.stringMatching(
        /^a DPoP proof for "https:\/\/api\.example\.test" was refused .*"dpop\.origins"$/,
      ),
    )
  })

  test('with origins, a proof is for one of them, whatever host the request names', async () => {
    const here = await world({
      framework,
      options: { dpop: { origins: ['https://api.example.test', 'http://localhost:8080'] } },
    })
    const token = await here.token()
    const ask = (htu: string) => here.ask(token, { claims: { htu } })
    expect((await ask('https://api.example.test/me')).status).toBe(200)
    expect((await ask('HTTPS://API.example.test:443/m%65?x#y')).status).toBe(200)
    expect((await ask('http://localhost:8080/me')).status).toBe(200)
    expect((await ask('https://api.example.test/you')).status).toBe(401)
    expect((await ask(`${here.url}/me`)).status).toBe(401)
  })

  test('a host that is more than a host is none', async () => {
    const here = await world({ framework })
    const token = await here.token()
    for (const host of [
      'api.example.test/x',
      'user@api.example.test',
      'api.example.test?',
      'api.example.test#',
      'a\\b',
    ]) {
      const htu = `http://${host}/me`
      expect((await here.ask(token, { claims: { htu } }, { headers: { host } })).status).toBe(401)
    }
    expect(here.reached).toBe(0)
  })

  test('logout by a bound token takes a proof', async () => {
    const here = await world({ framework, options: { dpop: { nonce: true } } })
    const plain = await here.signIn()
    const { sid, gen } = decodeJwt(plain)
    const token = await here.token({ sid, gen })
    const post = { method: 'POST', path: '/auth/logout' } as const
    const isAlive = async () =>
      (await here.send({ path: '/me', headers: { authorization: `Bearer ${plain}` } })).status === 200
    expect((await here.send({ ...post, headers: { authorization: `Bearer ${token}` } })).status).toBe(204)
    expect((await here.send({ ...post, headers: { authorization: `DPoP ${token}` } })).status).toBe(204)
    expect((await here.ask(token, { claims: { htu: `${here.url}/me` } }, post)).status).toBe(204)
    const asked = await here.ask(token, {}, post)
    expect([asked.status, errorOf(asked), challengeOf(asked)]).toEqual([
      ...[401, 'use_dpop_nonce'],
      expect.stringMatching(/^DPoP error="use_dpop_nonce"/),
    ])
    const [nonce] = asked.headers['dpop-nonce'] ?? []
    expect(await isAlive()).toBe(true)
    expect((await here.ask(token, { claims: { nonce } }, post)).status).toBe(204)
    expect(await isAlive()).toBe(false)
    expect((await here.ask(token, { claims: { nonce } })).status).toBe(401)
    expect(here.events.at(-1)).toMatchObject({ reason: 'token_revoked' })
  })
})
