import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect } from 'vitest'
import { cookieOf, expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, json, login, PASSWORD, signedIn } from './visitor.ts'

const ISSUER = 'https://auth.example.test'
const AUDIENCE = 'https://api.example.test'

export const signInFlows: readonly Case[] = [
  {
    name: 'log-in answers the tokens, and /api/me tells whose they are',
    async play(visitor) {
      const reply = await visitor.send(login(visitor.user, PASSWORD))
      expectReply(reply, {
        status: 200,
        cookie: 'set',
        body: { token_type: 'Bearer', expires_in: 900, scope: 'profile:read' },
        headers: { 'www-authenticate': null, pragma: null },
      })
      expect(Object.keys(jsonOf(reply)).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
      expect(reply.headers['set-cookie']?.[0]).toContain('; Max-Age=604800; ')
      expect(reply.text).not.toContain(cookieOf(reply))

      const { token, sid, sub } = signedIn(reply)
      const me = await visitor.me(token)
      expect(jsonOf(me)).toEqual({ sub, sid, scope: 'profile:read' })
      expect(sub).not.toContain(visitor.user)
    },
  },
  {
    name: 'an access token has the claims of RFC 9068 and no others',
    async play(visitor) {
      const { token } = await visitor.signIn()
      expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.any(String) })
      const claims = decodeJwt(token)
      expect(claims).toEqual({
        iss: ISSUER,
        aud: AUDIENCE,
        sub: expect.stringMatching(/^usr_/),
        sid: expect.any(String),
        jti: expect.any(String),
        client_id: 'web',
        scope: 'profile:read',
        gen: 1,
        amr: ['pwd'],
        iat: expect.any(Number),
        exp: Number(claims.iat) + 900,
        auth_time: expect.any(Number),
      })
    },
  },
  {
    name: 'the JWK Set verifies an access token and shows nothing private',
    async play(visitor) {
      const reply = await visitor.expect(
        { path: '/.well-known/jwks.json' },
        { status: 200, headers: { 'cache-control': 'public, max-age=300', 'set-cookie': null } },
      )
      const set = JSON.parse(reply.text) as JSONWebKeySet
      for (const key of set.keys)
        for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'priv'])
          expect(Object.hasOwn(key, secret), secret).toBe(false)
      const { token } = await visitor.signIn()
      const { payload } = await jwtVerify(token, createLocalJWKSet(set), {
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: 'at+jwt',
      })
      expect(payload.scope).toBe('profile:read')
    },
  },
  {
    name: 'a native app gets its refresh token in the body and no cookie',
    async play(visitor) {
      const reply = await visitor.send(login(visitor.user, PASSWORD, { 'x-token-transport': 'body' }))
      expectReply(reply, { status: 200, cookie: 'kept', body: { refresh_token: expect.any(String) } })
      const { token } = signedIn(reply)
      expect(decodeJwt(token).client_id).toBe('native')
      expectReply(await visitor.me(token), { status: 200 })
    },
  },
  ...(
    [
      ['alice', 'profile:read', 403, 403],
      ['bob', 'profile:read profile:write', 200, 403],
      ['admin', 'profile:read profile:write admin', 200, 200],
    ] as const
  ).map(
    ([user, scope, profile, admin]): Case => ({
      name: `${user} has the scope ${scope}, and no more opens`,
      async play(visitor) {
        const { token } = await visitor.signIn(user)
        expect(jsonOf(await visitor.me(token)).scope).toBe(scope)
        const put = { method: 'PUT', path: '/api/profile' }
        const update = { ...json({ name: 'x' }), ...put }
        const updated = await visitor.send({ ...update, headers: { ...update.headers, ...bearer(token) } })
        if (profile === 200) expectReply(updated, { status: 200, body: { updated: true } })
        else
          expectReply(updated, {
            status: 403,
            error: 'insufficient_scope',
            headers: {
              'www-authenticate':
                'Bearer error="insufficient_scope", error_description="the access token lacks a scope", scope="profile:write"',
            },
          })
        const page = await visitor.send({ path: '/api/admin', headers: bearer(token) })
        expectReply(page, { status: admin, ...(admin === 403 ? { error: 'insufficient_scope' } : {}) })
      },
    }),
  ),
  {
    name: 'the profile takes any JSON object and nothing else',
    async play(visitor) {
      const { token } = await visitor.signIn('bob')
      const put = (body: string, type = 'application/json') => ({
        method: 'PUT',
        path: '/api/profile',
        headers: { ...bearer(token), 'content-type': type },
        body,
      })
      for (const body of ['{}', '{"__proto__":{}}', '{"a":{"b":[null]}}'])
        await visitor.expect(put(body), { status: 200, body: { updated: true } })
      for (const body of ['', '[]', 'null', '1', '"x"', '{', '\u00ff', '{}{}'])
        await visitor.expect(put(body), { status: 400, error: 'invalid_request' })
      await visitor.expect(put('{}', 'text/plain'), { status: 415, error: 'invalid_request' })
      await visitor.expect(put(' '.repeat(16_385)), { status: 413, error: 'invalid_request' })
      await visitor.expect({ ...put(' '.repeat(16_385)), chunked: true }, { status: 413 })
    },
  },
  {
    name: 'a wrong password and an unknown user get the same answer',
    async play(visitor) {
      const refused = { status: 401, error: 'invalid_credentials', challenge: 'none' } as const
      const known = await visitor.expect(login(visitor.user, 'x'), refused)
      for (const name of [
        'nobody',
        'Alice',
        'ALICE',
        ' alice',
        'alice ',
        'user007',
        'user100000',
        'user-1',
      ]) {
        const unknown = await visitor.expect(login(name, PASSWORD), refused)
        expect(unknown.text).toBe(known.text)
      }
      for (const password of ['', ` ${PASSWORD}`, `${PASSWORD} `, PASSWORD.toUpperCase()])
        await visitor.expect(login(visitor.user, password), refused)
    },
  },
]
