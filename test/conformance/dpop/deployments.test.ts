import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { Store, StoreDriver } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { generateKeyPair, generateProof, type JWSAlgorithm } from 'dpop'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { generateSigningKey, publicJwk } from '../../../packages/core/src/keys/jwk/jwk.ts'
import { certificateForLocalhost } from '../../support/certificate.ts'
import { configFault } from '../../support/config-fault.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisClient } from '../../support/redis-client.ts'
import { settle } from '../../support/settle.ts'
import { json, scriptedIssuer } from '../../unit/scripted-issuer.ts'
import { viewOf } from '../../unit/view.ts'
import { http2Apps } from '../http2-apps.ts'
import { proof } from './proofs.ts'
import { World, type WorldOptions } from './world.ts'

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

describe('the client of the package dpop', () => {
  test.each(['ES256', 'Ed25519', 'PS256', 'RS256'] satisfies JWSAlgorithm[])(
    'is served, with %s',
    async (alg) => {
      const here = await world({ options: { dpop: { nonce: true } } })
      const keys = await generateKeyPair(alg)
      const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
      const token = await here.token({ cnf: { jkt } })
      let nonce: string | undefined
      const call = async (path: string): Promise<number> => {
        const dpop = await generateProof(keys, `${here.url}${path}`, 'GET', nonce, token)
        const answer = await fetch(`${here.url}${path}`, {
          headers: { authorization: `DPoP ${token}`, dpop },
        })
        nonce = answer.headers.get('dpop-nonce') ?? nonce
        return answer.status
      }
      expect(await call('/me')).toBe(401)
      for (const path of ['/me', '/me?a=b', '/nested/api/me', '/auth/sessions'])
        expect(await call(path)).toBe(200)
    },
  )
})

describe('where dpop is off, as by default', () => {
  test.each([
    { dpop: undefined },
    { dpop: 'off' },
    { dpop: { mode: 'off', nonce: true } },
  ] satisfies SallyportOptions[])('everything is as it was, with %j', async (options) => {
    const here = await world({ options })
    const token = await here.token()
    const ask = async (headers: Record<string, string>) => {
      const reply = await here.send({ path: '/me', headers })
      return [reply.status, JSON.parse(reply.text).error, reply.headers['www-authenticate']?.join()]
    }
    expect(await ask({})).toEqual([401, 'unauthorized', 'Bearer'])
    const dpop = proof(here.about(token))
    expect(await ask({ authorization: `DPoP ${token}`, dpop })).toEqual([401, 'unauthorized', 'Bearer'])
    const invalid = 'Bearer error="invalid_token", error_description="the access token is not valid"'
    expect(await ask({ authorization: `Bearer ${token}`, dpop })).toEqual([401, 'invalid_token', invalid])
    const metadata = await here.send({ path: '/.well-known/oauth-authorization-server' })
    expect(metadata.text).not.toContain('dpop')
    expect(
      (
        await here.send({
          path: '/me',
          headers: { authorization: `Bearer ${await here.token({ cnf: undefined })}` },
        })
      ).status,
    ).toBe(200)
  })
})

test('the metadata names the algorithms that are accepted', async () => {
  const here = await world()
  const { text } = await here.send({ path: '/.well-known/oauth-authorization-server' })
  expect(JSON.parse(text).dpop_signing_alg_values_supported).toEqual([
    'ES256',
    'EdDSA',
    'Ed25519',
    'PS256',
    'RS256',
  ])
})

test.each([
  ['a certificate', { 'x5t#S256': 'A'.repeat(43) }],
  ['a key and a certificate', { jkt: '{jkt}', 'x5t#S256': 'A'.repeat(43) }],
])('a token that is bound to %s is refused where none was shown', async (_name, cnf) => {
  const here = await world()
  const token = await here.token({ cnf: JSON.parse(JSON.stringify(cnf).replace('{jkt}', here.key.jkt)) })
  expect((await here.ask(token)).status).toBe(401)
  expect(here.events.map(({ reason }) => reason)).toEqual(['token_certificate'])
})

describe('a token whose cnf asks for something that is not known is refused:', () => {
  const JKT = 'A'.repeat(43)
  test.each([
    ['a certificate that is too short', { 'x5t#S256': 'A'.repeat(42) }],
    ['a key and something else', { jkt: '{jkt}', kid: JKT }],
    ['a key in itself', { jwk: { kty: 'oct' } }],
    ['nothing', {}],
    ['null', null],
    ['a string', '{jkt}'],
    ['an array', ['{jkt}']],
    ['a thumbprint that is too short', { jkt: 'A'.repeat(42) }],
    ['a thumbprint in another spelling', { jkt: `${'A'.repeat(42)}B` }],
    ['a thumbprint that is a number', { jkt: 5 }],
  ])('%s', async (_name, cnf) => {
    const here = await world()
    const own = JSON.parse(JSON.stringify(cnf).replace('{jkt}', here.key.jkt))
    const token = await here.token({ cnf: own })
    for (const reply of [
      await here.ask(token),
      await here.send({ path: '/me', headers: { authorization: `Bearer ${token}` } }),
    ])
      expect([reply.status, JSON.parse(reply.text).error]).toEqual([401, 'invalid_token'])
    expect(here.events.map(({ reason }) => reason)).toEqual(['token_confirmation', 'token_confirmation'])
  })
})

test('a revoked token, or one that is over, uses up no proof and no command', async () => {
  const marked = vi.fn()
  const here = await world({ options: { store: watched(marked) } })
  const good = await here.token()
  expect((await here.ask(good)).status).toBe(200)
  expect(marked).toHaveBeenCalledTimes(1)
  for (const token of [
    await here.token({ exp: Math.floor(here.clock.now() / 1000) - 1 }),
    await here.token({ iss: 'https://other.example.test' }),
    await here.token({ cnf: undefined }),
    `${good.slice(0, -4)}AAAA`,
  ])
    expect((await here.ask(token)).status).toBe(401)
  expect(marked).toHaveBeenCalledTimes(1)
  // Nor does a proof that is refused, which is still good for what it was made for.
  const dpop = proof(here.about(good))
  const headers = { authorization: `DPoP ${good}`, dpop }
  expect((await here.send({ path: '/nested/api/me', headers })).status).toBe(401)
  expect((await here.send({ path: '/me', method: 'POST', headers })).status).toBe(401)
  expect(
    (await here.send({ path: '/me', headers: { ...headers, authorization: `DPoP ${await here.token()}` } }))
      .status,
  ).toBe(401)
  expect(marked).toHaveBeenCalledTimes(1)
  expect((await here.send({ path: '/me', headers })).status).toBe(200)
})

test('tokens that are encrypted, and references, are not told apart', async () => {
  const here = await world({ options: { accessToken: 'encrypted' } })
  expect((await here.ask(await here.token())).status).toBe(200)
  // What a sign-in gives is bound to nothing.
  const plain = await here.signIn()
  expect((await here.ask(plain)).status).toBe(401)
  expect(here.events.at(-1)?.reason).toBe('token_unbound')
})

test('in strict mode, a proof is asked for all the same', async () => {
  const here = await world({ options: { revocation: { mode: 'strict' } } })
  const token = await here.token()
  expect((await here.ask(token)).status).toBe(200)
  expect((await here.ask(token, { claims: { htm: 'PUT' } })).status).toBe(401)
})

test('bound tokens of other issuers take a proof as well', async () => {
  const other = await scriptedIssuer()
  const key = await generateSigningKey('ES256')
  other.answers.set('/jwks', json({ keys: [publicJwk(key)] }))
  const issuers = [
    { issuer: other.origin, jwks: `${other.origin}/jwks`, audience: 'here', algorithms: ['ES256'] as const },
  ]
  const options = { issuers, issuer: undefined, audience: undefined, secret: undefined, access: undefined }
  const here = await world({ options })
  const token = await new SignJWT({ sub: 'alice', cnf: { jkt: here.key.jkt } })
    .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' })
    .setIssuer(other.origin)
    .setAudience('here')
    .setExpirationTime(Math.floor(here.clock.now() / 1000) + 60)
    .sign(key.privateKey)
  expect((await here.ask(token)).status).toBe(200)
  expect((await here.ask(token, { claims: { ath: undefined } })).status).toBe(401)
  expect((await here.send({ path: '/me', headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
  await other.close()
})

test('tokens.verify refuses bound tokens, since nothing could prove them', async () => {
  const here = await world()
  const sallyport = await createSallyport({
    ...{ issuer: 'https://auth.example.test', audience: 'https://api.example.test', dpop: 'accepted' },
    ...{ access: { keys: [here.signing.jwk] }, clock: here.clock, secret: here.secret },
  })
  expect(await sallyport.tokens.verify(await here.token())).toEqual({
    kind: 'refused',
    problem: 'token_invalid',
  })
  expect(await sallyport.tokens.verify(await here.token({ cnf: undefined }))).toMatchObject({ kind: 'valid' })
  await sallyport.close()
})

test('a store that cannot remember proofs is refused at start', async () => {
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const { once: _once, ...others } = await memoryStore().open(context)
      return others
    },
  }
  const fault = await configFault(() => createSallyport({ store, dpop: 'accepted' }))
  expect([fault.option, fault.message]).toEqual([
    'store',
    '"store" cannot remember which proofs were used, which the option "dpop" needs',
  ])
  await (await createSallyport({ store })).close()
})

test('what a proof has in it forges no line of an event or a notice', async () => {
  const notices = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const here = await world()
  const token = await here.token()
  for (const htu of [
    'https://a.example/\n{"event":"forged"}',
    'https://xn--\u202e.example/',
    `https://${'a'.repeat(5000)}/`,
  ])
    expect((await here.ask(token, { claims: { htu, jti: 'a\nb' } })).status).toBe(401)
  for (let index = 0; index < 30; index++)
    expect((await here.ask(token, { claims: { htu: `https://host-${index}.example/me` } })).status).toBe(401)
  const told = notices.mock.calls
    .map(([notice]) => String(notice))
    .filter((notice) => notice.includes('DPoP'))
  expect(told.length).toBeLessThanOrEqual(20)
  for (const line of told) expect(line).toMatch(/^[\x20-\x7e]{1,400}$/)
})

describe('processes that share one Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
    await settle(redis, ['sp', 'hashes'])
  })
  afterAll(() => redis.stop())
  const options = (): SallyportOptions => ({ store: redisStore({ url: redis.url }) })

  test('refuse a proof that another one has seen, up to the last second in which it would be good', async () => {
    const one = await world({ options: options() })
    const other = await world({ options: options(), framework: 'Fastify', alike: one })
    const token = await one.token()
    const htu = 'http://api.example.test/me'
    const ask = (where: World, dpop: string) =>
      where.send({ path: '/me', headers: { host: 'api.example.test', authorization: `DPoP ${token}`, dpop } })
    // Of the future, so that it is good for as long as can be.
    const claims = { htu, iat: Math.floor(one.clock.now() / 1000) + 5 }
    const [used, unused] = [proof(one.about(token), { claims }), proof(one.about(token), { claims })]
    expect((await ask(one, used)).status).toBe(200)
    one.clock.turn(64_000)
    const replayed = await ask(other, used)
    expect([replayed.status, other.events.at(-1)?.reason]).toEqual([401, 'dpop_replayed'])
    expect((await ask(other, unused)).status).toBe(200)
    one.clock.turn(3000)
    expect((await ask(other, used)).status).toBe(401)
    expect(other.events.at(-1)?.reason).toBe('dpop_time')
  })

  test('serve one of 64 requests with one proof', async () => {
    const one = await world({ options: options() })
    const others = [
      one,
      await world({ options: options(), framework: 'Koa', alike: one }),
      await world({ options: options(), framework: 'Fastify', alike: one }),
    ]
    const token = await one.token()
    const headers = {
      ...{ host: 'api.example.test', authorization: `DPoP ${token}` },
      dpop: proof(one.about(token), { claims: { htu: 'http://api.example.test/me' } }),
    }
    const replies = await Promise.all(
      Array.from({ length: 64 }, (_, index) => others[index % 3]?.send({ path: '/me', headers })),
    )
    expect(replies.filter((reply) => reply?.status === 200)).toHaveLength(1)
    expect(replies.filter((reply) => reply?.status === 401)).toHaveLength(63)
  })

  test('accept the nonces of each other, those of an earlier secret too, and of nobody else', async () => {
    const dpop = { nonce: true } as const
    const one = await world({ options: { ...options(), dpop } })
    const [, nonce] = await nonceOf(one)
    const next = new Uint8Array(32).map((_, index) => index * 7)
    const rotated = await world({ options: { ...options(), dpop, secret: [next, one.secret] }, alike: one })
    const stranger = await world({ options: { ...options(), dpop, secret: next }, alike: one })
    const ask = async (where: World, used = nonce) =>
      (await where.ask(await where.token(), { claims: { nonce: used } })).status
    expect(await ask(rotated)).toBe(200)
    expect(await ask(stranger)).toBe(401)
    const [, later] = await nonceOf(rotated)
    expect(await ask(stranger, later)).toBe(200)
    expect(await ask(one, later)).toBe(401)
  })

  test('answer 503 while it is away, and served again afterwards, with the same proof', async () => {
    vi.spyOn(process, 'emitWarning').mockReturnValue()
    const own = await startRedis()
    await settle(own)
    const store = redisStore({ url: own.url, commandTimeoutMs: 200 })
    const here = await world({ options: { store, revocation: { maxStalenessSeconds: 300 } } })
    const token = await here.token()
    const plain = { authorization: `Bearer ${await here.token({ cnf: undefined })}` }
    expect((await here.ask(token)).status).toBe(200)
    own.kill('SIGSTOP')
    const dpop = proof(here.about(token))
    const reply = await here.send({ path: '/me', headers: { authorization: `DPoP ${token}`, dpop } })
    expect([reply.status, JSON.parse(reply.text).error, reply.headers['retry-after']]).toEqual([
      503,
      'temporarily_unavailable',
      ['1'],
    ])
    expect(here.events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'store_unavailable' })
    expect((await here.send({ path: '/me', headers: plain })).status).toBe(200)
    own.kill('SIGCONT')
    await vi.waitFor(async () => expect((await here.ask(token)).status).toBe(200), 5000)
    await own.stop()
  })

  test('refuse it with 503 then, even on a route that would let others through', async () => {
    vi.spyOn(process, 'emitWarning').mockReturnValue()
    const own = await startRedis()
    await settle(own)
    const store = redisStore({ url: own.url, commandTimeoutMs: 200 })
    const here = await world({ options: { store, revocation: { maxStalenessSeconds: 0 } } })
    const sallyport = here.core
    const verify = gateOf(sallyport).verifier({ whenUnavailable: 'allow' })
    const [bound, plain] = [await here.token(), await here.token({ cnf: undefined })]
    const viewOfToken = (headers: Record<string, string>) =>
      viewOf({ method: 'GET', target: '/me', host: new URL(here.url).host, headers })
    const byProof = () => viewOfToken({ authorization: `DPoP ${bound}`, dpop: proof(here.about(bound)) })
    const byBearer = () => viewOfToken({ authorization: `Bearer ${plain}` })
    expect((await verify(byProof())).kind).toBe('allow')
    own.kill('SIGSTOP')
    here.clock.turn(1000)
    expect((await verify(byBearer())).kind).toBe('allow')
    expect(await verify(byProof())).toMatchObject({ kind: 'refuse', answer: { status: 503 } })
    own.kill('SIGCONT')
    await vi.waitFor(async () => expect((await verify(byProof())).kind).toBe('allow'), 5000)
    await own.stop()
  })

  test('know a proof by nothing but a hash, and forget it soon', async () => {
    const here = await world({ options: { store: redisStore({ url: redis.url, keyPrefix: 'hashes' }) } })
    const token = await here.token()
    expect((await here.ask(token, { claims: { jti: 'a-jti-to-look-for' } })).status).toBe(200)
    const admin = redisClient(redis)
    const keys = (await admin.keys('hashes:*')).filter((key) => key.includes(':o:'))
    expect(keys).toEqual([expect.stringMatching(/^hashes:\{[0-9a-f]\}:o:[\w-]{22}$/)])
    const [key = ''] = keys
    expect(await admin.get(key)).toBe('')
    const left = await admin.pttl(key)
    expect(left).toBeGreaterThan(60_000)
    expect(left).toBeLessThanOrEqual(95_000)
    admin.disconnect()
  })

  async function nonceOf(where: World): Promise<[number, string | undefined]> {
    const reply = await where.ask(await where.token())
    return [reply.status, reply.headers['dpop-nonce']?.[0]]
  }
})

describe.each(Object.entries(http2Apps))('over HTTP/2 on %s', (_name, make) => {
  test.each(['in the clear', 'over TLS'])(
    'a proof is for the authority that was asked, %s',
    async (transport) => {
      const tls = transport === 'over TLS' ? certificateForLocalhost() : undefined
      const here = await world()
      const app = await make(tls, {
        ...{ issuer: 'https://auth.example.test', audience: 'https://api.example.test', dpop: 'accepted' },
        ...{ access: { keys: [here.signing.jwk] }, clock: here.clock, secret: here.secret },
      })
      await new Promise<void>((resolve) => app.server.listen(0, '127.0.0.1', resolve))
      const { port } = app.server.address() as AddressInfo
      const origin = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`
      const session = connect(origin, tls === undefined ? {} : { ca: tls.cert })
      const token = await here.token({ scope: 'notes' })
      const ask = async (htu: string): Promise<unknown> => {
        const dpop = proof({ ...here.about(token), url: htu })
        const stream = session.request({ ':path': '/me', authorization: `DPoP ${token}`, dpop })
        const [headers] = await once(stream, 'response')
        stream.resume()
        return headers[':status']
      }
      expect(await ask(`${origin}/me`)).toBe(200)
      expect(await ask(`${origin}/you`)).toBe(401)
      expect(await ask(`http://localhost/me`)).toBe(401)
      session.close()
      await app.close()
      app.server.close()
    },
  )
})

/** The store in memory, which tells whenever a proof is marked. */
function watched(marked: () => void): StoreDriver {
  return {
    ...memoryStore(),
    async open(context): Promise<Store> {
      const store = await memoryStore().open(context)
      const { once: kept } = store
      if (kept === undefined) throw new TypeError('the store in memory keeps proofs')
      return {
        ...store,
        once: {
          ...kept,
          mark(mark) {
            marked()
            return kept.mark(mark)
          },
        },
      }
    },
  }
}
