import { decodeJwt } from 'jose'
import { expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, json, PASSWORD } from './visitor.ts'

const ORDER = { to: 'bob', amount: 10 }
const sent = (path: string, token: string, body: unknown) => {
  const { headers, body: text } = json(body)
  return { method: 'POST', path, headers: { ...headers, ...bearer(token) }, body: text }
}
const transfer = (token: string, body: unknown = ORDER) => sent('/api/transfer', token, body)
const stepUp = (token: string, password: unknown = PASSWORD) => sent('/auth/step-up', token, { password })

const asked = { status: 401, error: 'insufficient_user_authentication' } as const
const accepted = { status: 200, body: { accepted: true } } as const

export const stepUpFlows: readonly Case[] = [
  {
    name: 'a transfer asks for a step-up, says which, and takes the new token',
    async play(visitor) {
      const { token, refresh } = await visitor.signIn()
      await visitor.expect(transfer(token), {
        ...asked,
        headers: {
          'www-authenticate':
            'Bearer error="insufficient_user_authentication", error_description="a stronger or more recent authentication is required", acr_values="urn:example:step-up", max_age="300", DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"',
        },
      })
      const reply = await visitor.expect(stepUp(token), {
        status: 200,
        cookie: 'kept',
        body: { token_type: 'Bearer', expires_in: 900, scope: 'profile:read' },
      })
      const { access_token: raised, ...rest } = jsonOf(reply) as { access_token: string }
      expectReply(await visitor.me(raised), { status: 200 })
      await visitor.expect(transfer(raised), accepted)
      await visitor.expect(transfer(token), asked)
      if ('refresh_token' in rest) throw new Error('a step-up gives no refresh token')
      const [before, after] = [decodeJwt(token), decodeJwt(raised)]
      for (const claim of ['sub', 'sid', 'client_id', 'gen'])
        if (before[claim] !== after[claim]) throw new Error(`the new token has another ${claim}`)
      const next = await visitor.refresh(refresh)
      const { access_token: refreshed } = jsonOf(next) as { access_token: string }
      if (decodeJwt(refreshed).auth_time !== after.auth_time) throw new Error('a refresh renewed auth_time')
      await visitor.expect(transfer(refreshed), accepted)
    },
  },
  {
    name: 'a refused step-up raises nothing',
    async play(visitor) {
      const { token } = await visitor.signIn()
      const wrong = { status: 401, error: 'invalid_credentials', challenge: 'none' } as const
      await visitor.expect(stepUp(token, 'wrong one'), wrong)
      for (const password of [5, null, [PASSWORD], { length: 8 }])
        await visitor.expect(stepUp(token, password), { status: 400, error: 'invalid_request' })
      await visitor.expect(sent('/auth/step-up', token, {}), { status: 400, error: 'invalid_request' })
      await visitor.expect(
        { ...stepUp(token), headers: json('').headers },
        { status: 401, error: 'unauthorized' },
      )
      await visitor.expect(transfer(token), asked)
    },
  },
  {
    name: 'a transfer checks its body after the step-up',
    async play(visitor) {
      const { token } = await visitor.signIn()
      await visitor.expect(transfer(token, {}), asked)
      const { access_token: raised } = jsonOf(await visitor.send(stepUp(token))) as { access_token: string }
      for (const body of [
        {},
        [],
        { to: 'bob' },
        { to: '', amount: 1 },
        { to: 'bob', amount: '1' },
        { to: 'bob', amount: -1 },
      ])
        await visitor.expect(transfer(raised, body), { status: 400, error: 'invalid_request' })
    },
  },
  {
    name: 'a step-up of a session that has ended is refused',
    async play(visitor) {
      const { token } = await visitor.signIn()
      await visitor.expect({ method: 'POST', path: '/auth/logout', headers: bearer(token) }, { status: 204 })
      await visitor.expect(stepUp(token), { status: 401, error: 'invalid_token' })
    },
  },
  {
    name: 'wrong passwords of a step-up lock the account, and the session goes on',
    async play(visitor) {
      const { token } = await visitor.signIn()
      const wrong = { status: 401, error: 'invalid_credentials', challenge: 'none' } as const
      for (let attempt = 0; attempt < 5; attempt++) await visitor.expect(stepUp(token, 'wrong one'), wrong)
      await visitor.expect(stepUp(token), { status: 429 })
      expectReply(await visitor.me(token), { status: 200 })
    },
  },
]
