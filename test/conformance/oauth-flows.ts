import { readFileSync } from 'node:fs'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect } from 'vitest'
import { audited } from './audited.ts'
import type { Fields } from './client.ts'
import { expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { basic, bearer, exchangeBy, form, type SignedIn } from './visitor.ts'

const NATIVE = { 'x-token-transport': 'body' }
const GATEWAY = basic('gateway', 'gateway-secret')
const SIGNED = 'application/token-introspection+jwt'

const introspect = (token: string, headers: Fields = {}) => {
  const { headers: type, body } = form({ token })
  return { method: 'POST', path: '/auth/introspect', headers: { ...type, ...GATEWAY, ...headers }, body }
}
const revokeBy = (fields: Readonly<Record<string, string>>, client: Fields = GATEWAY) => {
  const { headers: type, body } = form(fields)
  return { method: 'POST', path: '/auth/revoke', headers: { ...type, ...client }, body }
}
const revoke = (token: string) => revokeBy({ token })
const inactive = { status: 200, exactly: { active: false } } as const
const revoked = { status: 200, exactly: '' } as const

/** Of a native app, whose refused refresh is a 400. */
function nativeEnded({ token, refresh }: SignedIn) {
  return [
    [
      { path: '/api/me', headers: bearer(token) },
      { status: 401, error: 'invalid_token' },
    ],
    [exchangeBy(refresh), { status: 400, error: 'invalid_grant' }],
  ] as const
}

export const oauthFlows: readonly Case[] = [
  {
    name: 'an access token is told in full, until its session ends',
    async play(visitor) {
      const own = await visitor.signIn()
      const reply = await visitor.expect(introspect(own.token), { status: 200 })
      const { iss, aud, exp, iat, jti, auth_time } = decodeJwt(own.token)
      expect(jsonOf(reply)).toEqual({
        ...{ active: true, token_type: 'Bearer', client_id: 'web', scope: 'profile:read', amr: ['pwd'] },
        ...{ iss, aud, exp, iat, jti, auth_time, sub: own.sub, sid: own.sid, gen: 1 },
      })
      await visitor.send({ method: 'POST', path: '/auth/logout', headers: bearer(own.token) })
      await visitor.expect(introspect(own.token), inactive)
    },
  },
  {
    name: 'whoever asks for a signed answer gets one, which is no access token',
    async play(visitor) {
      const own = await visitor.signIn()
      for (const accept of [SIGNED, `application/json;q=0.5, ${SIGNED.toUpperCase()};q=1`]) {
        const reply = await visitor.expect(introspect(own.token, { accept }), {
          status: 200,
          headers: { 'content-type': SIGNED, 'cache-control': 'no-store' },
        })
        expect(decodeProtectedHeader(reply.text)).toMatchObject({ typ: 'token-introspection+jwt' })
        expect(decodeJwt(reply.text)).toMatchObject({
          ...{ iss: 'https://auth.example.test', aud: 'gateway', iat: expect.any(Number) },
          token_introspection: { active: true, sub: own.sub, sid: own.sid },
        })
        expect(decodeJwt(reply.text)).not.toHaveProperty('sub')
        expect(decodeJwt(reply.text)).not.toHaveProperty('exp')
        expectReply(await visitor.me(reply.text), { status: 401, error: 'invalid_token' })
        await visitor.expect(introspect(reply.text), inactive)
      }
      const reply = await visitor.expect(introspect('x', { accept: SIGNED }), { status: 200 })
      expect(decodeJwt(reply.text).token_introspection).toEqual({ active: false })
      await visitor.expect(introspect(own.token, { accept: 'application/jwt, */*' }), {
        status: 200,
        body: { active: true },
      })
    },
  },
  {
    name: 'a question about a token does not say that the token arrived',
    async play(visitor) {
      const own = await visitor.signIn()
      await visitor.expect(introspect(own.token), { status: 200, body: { active: true } })
      await visitor.expectAlive(own)
      expect(audited(visitor.host, own.sid, 'token.accepted', 'token.refused')).toEqual([])
    },
  },
  {
    name: 'a revoked access token is refused at once, and its session lives on',
    async play(visitor) {
      const own = await visitor.signIn()
      const other = await visitor.signIn()
      for (let turn = 0; turn < 2; turn++) await visitor.expect(revoke(own.token), revoked)
      expectReply(await visitor.me(own.token), { status: 401, error: 'invalid_token' })
      await visitor.expect(introspect(own.token), inactive)
      expectReply(await visitor.refresh(own.refresh), { status: 200, cookie: 'set' })
      await visitor.expectAlive(other)
      expect(audited(visitor.host, own.sid, 'token.revoked')).toEqual([
        expect.objectContaining({
          ...{ reason: 'revoked_by_application', sub: own.sub, client_id: 'web' },
          jti: decodeJwt(own.token).jti,
        }),
      ])
    },
  },
  {
    name: 'a revoked refresh token ends its session, with its access tokens',
    async play(visitor) {
      const own = await visitor.signIn()
      const other = await visitor.signIn()
      for (let turn = 0; turn < 2; turn++)
        await visitor.expect(revokeBy({ token: own.refresh, token_type_hint: 'access_token' }), revoked)
      await visitor.expectEnded(own)
      await visitor.expect(introspect(own.token), inactive)
      await visitor.expectAlive(other)
      expect(audited(visitor.host, own.sid, 'session.ended')).toEqual([
        expect.objectContaining({ reason: 'revoked_by_application', sub: own.sub }),
      ])
    },
  },
  {
    name: 'an app ends its own session by its name, with the refresh token that it has',
    async play(visitor) {
      const own = await visitor.signIn(visitor.user, NATIVE)
      expectReply(await visitor.exchange(own.refresh), { status: 200 })
      // The answer may have been lost, and the user signs out.
      await visitor.expect(revokeBy({ token: own.refresh, client_id: 'native' }, {}), revoked)
      for (const [send, expected] of nativeEnded(own)) await visitor.expect(send, expected)
    },
  },
  {
    name: 'the client of another app revokes nothing',
    async play(visitor) {
      const own = await visitor.signIn()
      const native = await visitor.signIn(visitor.user, NATIVE)
      const refused = { status: 400, error: 'unauthorized_client' } as const
      for (const token of [own.token, own.refresh])
        await visitor.expect(revokeBy({ token, client_id: 'native' }, {}), refused)
      for (const token of [native.token, native.refresh])
        await visitor.expect(revokeBy({ token, client_id: 'web' }, {}), refused)
      await visitor.expectAlive(own)
      expectReply(await visitor.exchange(native.refresh), { status: 200 })
    },
  },
  {
    name: 'wrong credentials revoke nothing, and are told without what was sent',
    async play(visitor) {
      const own = await visitor.signIn()
      const wrong = basic('gateway', 'never-to-be-told')
      await visitor.expect(revokeBy({ token: own.refresh }, wrong), {
        ...{ status: 401, error: 'invalid_client', challenge: 'basic' },
      })
      await visitor.expectAlive(own)
      const trail = readFileSync(visitor.host.auditFile, 'utf8')
      expect(trail).not.toContain('never-to-be-told')
      const told = trail.split('\n').find((line) => line.includes('"client_unauthenticated"')) ?? '{}'
      expect(JSON.parse(told)).toMatchObject({ event: 'request.refused', client_id: 'gateway' })
    },
  },
  {
    name: 'the metadata names the endpoints and how clients authenticate there',
    async play(visitor) {
      const reply = await visitor.send({ path: '/.well-known/oauth-authorization-server' })
      const secrets = ['client_secret_basic', 'client_secret_post']
      expect(jsonOf(reply)).toMatchObject({
        token_endpoint_auth_methods_supported: ['none', ...secrets],
        introspection_endpoint: 'https://auth.example.test/auth/introspect',
        introspection_endpoint_auth_methods_supported: secrets,
        introspection_signing_alg_values_supported: ['EdDSA'],
        revocation_endpoint: 'https://auth.example.test/auth/revoke',
        revocation_endpoint_auth_methods_supported: ['none', ...secrets],
      })
    },
  },
]
