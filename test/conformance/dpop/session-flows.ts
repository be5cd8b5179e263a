import * as DPoP from 'dpop'
import { decodeJwt } from 'jose'
import type { Fields, Reply } from '../client.ts'
import { expectReply, jsonOf } from '../expectations.ts'
import type { Case } from '../runner.ts'
import { bearer, json, login, PASSWORD, type Visitor } from '../visitor.ts'

const NATIVE = { 'x-token-transport': 'body' }
const refused = { status: 400, error: 'invalid_dpop_proof', challenge: 'none', cookie: 'kept' } as const

/** A client with a key of its own, by the package `dpop`. */
class Holder {
  readonly visitor: Visitor
  readonly keys: DPoP.KeyPair
  readonly jkt: string
  nonce: string | undefined

  private constructor(visitor: Visitor, keys: DPoP.KeyPair, jkt: string) {
    this.visitor = visitor
    this.keys = keys
    this.jkt = jkt
  }

  static async of(visitor: Visitor): Promise<Holder> {
    const keys = await DPoP.generateKeyPair('ES256')
    return new Holder(visitor, keys, await DPoP.calculateThumbprint(keys.publicKey))
  }

  async proof(method: string, path: string, token?: string): Promise<Fields> {
    const url = `${this.visitor.host.url}${path}`
    return { dpop: await DPoP.generateProof(this.keys, url, method, this.nonce, token) }
  }

  async signIn(headers: Fields = {}): Promise<{ token: string; refresh: string }> {
    const reply = await this.visitor.send(
      login(this.visitor.user, PASSWORD, { ...headers, ...(await this.proof('POST', '/auth/login')) }),
    )
    return this.tokens(reply)
  }

  /** What a reply hands out, which must be bound to the key. */
  tokens(reply: Reply): { token: string; refresh: string } {
    expectReply(reply, { status: 200, body: { token_type: 'DPoP' } })
    const { access_token: token, refresh_token: native } = jsonOf(reply) as Record<string, string>
    const { cnf } = decodeJwt(token ?? '')
    if ((cnf as { jkt?: string } | undefined)?.jkt !== this.jkt) throw new Error('the token has another key')
    const cookie = /__Host-refresh=([^;]+)/.exec(reply.headers['set-cookie']?.join() ?? '')?.[1]
    return { token: token ?? '', refresh: native ?? cookie ?? '' }
  }

  async me(token: string): Promise<Reply> {
    const proof = await this.proof('GET', '/api/me', token)
    return this.visitor.send({ path: '/api/me', headers: { authorization: `DPoP ${token}`, ...proof } })
  }

  async refresh(refresh: string): Promise<Reply> {
    return this.visitor.refresh(refresh, await this.proof('POST', '/auth/refresh'))
  }
}

/** Where a proof binds a session. */
export const dpopFlows: readonly Case[] = [
  {
    name: 'a sign-in with a proof binds the session, and every token of it needs the key',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { token, refresh } = await holder.signIn()
      expectReply(await holder.me(token), { status: 200 })
      expectReply(await visitor.me(token), { status: 401, error: 'invalid_token' })
      const next = holder.tokens(await holder.refresh(refresh))
      expectReply(await holder.me(next.token), { status: 200 })
      expectReply(await visitor.me(next.token), { status: 401, error: 'invalid_token' })
    },
  },
  {
    name: 'a refresh without a fitting proof changes nothing, and the session lives',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const thief = await Holder.of(visitor)
      const { token, refresh } = await holder.signIn()
      expectReply(await visitor.refresh(refresh), refused)
      expectReply(await thief.refresh(refresh), refused)
      const elsewhere = await holder.proof('POST', '/auth/token')
      expectReply(await visitor.refresh(refresh, elsewhere), refused)
      expectReply(await visitor.refresh(refresh, { dpop: 'nonsense' }), refused)
      expectReply(await holder.me(token), { status: 200 })
      holder.tokens(await holder.refresh(refresh))
    },
  },
  {
    name: 'a proof of a refresh is good once',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { refresh } = await holder.signIn()
      const proof = await holder.proof('POST', '/auth/refresh')
      holder.tokens(await visitor.refresh(refresh, proof))
      expectReply(await visitor.refresh(refresh, proof), refused)
    },
  },
  {
    name: 'a thief with the refresh token ends nothing, however old it is',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { refresh } = await holder.signIn()
      const second = holder.tokens(await holder.refresh(refresh))
      const third = holder.tokens(await holder.refresh(second.refresh))
      expectReply(await visitor.refresh(refresh), refused)
      holder.tokens(await holder.refresh(third.refresh))
    },
  },
  {
    name: 'native apps are bound at the token endpoint alike',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { token, refresh } = await holder.signIn(NATIVE)
      expectReply(await holder.me(token), { status: 200 })
      expectReply(await visitor.exchange(refresh), refused)
      const proof = await holder.proof('POST', '/auth/token')
      holder.tokens(await visitor.exchange(refresh, {}, proof))
    },
  },
  {
    name: 'a sign-in with a bad proof is refused, and opens nothing',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      for (const dpop of ['nonsense', (await holder.proof('POST', '/auth/refresh')).dpop ?? ''])
        await visitor.expect(login(visitor.user, PASSWORD, { dpop }), refused)
    },
  },
  {
    name: 'a step-up of a bound session gives a bound token',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { token } = await holder.signIn()
      const { headers, body } = json({ password: PASSWORD })
      const proof = await holder.proof('POST', '/auth/step-up', token)
      const sent = { ...headers, ...proof, authorization: `DPoP ${token}` }
      const reply = await visitor.send({ method: 'POST', path: '/auth/step-up', headers: sent, body })
      expectReply(reply, { status: 200, cookie: 'kept', body: { token_type: 'DPoP' } })
      const { access_token: raised } = jsonOf(reply) as { access_token: string }
      expectReply(await holder.me(raised), { status: 200 })
      expectReply(await visitor.me(raised), { status: 401, error: 'invalid_token' })
    },
  },
  {
    name: 'a change of password gives a bound session its next cookie',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { token } = await holder.signIn()
      const { headers, body } = json({ current: PASSWORD, next: 'another battery staple' })
      const proof = await holder.proof('POST', '/auth/password', token)
      const sent = { ...headers, ...proof, authorization: `DPoP ${token}` }
      const reply = await visitor.send({ method: 'POST', path: '/auth/password', headers: sent, body })
      expectReply(reply, { status: 204, cookie: 'set' })
      const cookie = /__Host-refresh=([^;]+)/.exec(reply.headers['set-cookie']?.join() ?? '')?.[1] ?? ''
      expectReply(await visitor.refresh(cookie), refused)
      holder.tokens(await holder.refresh(cookie))
    },
  },
  {
    name: 'a session that nobody bound needs no proof, and a proof does no harm',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const { token, refresh } = await visitor.signIn()
      expectReply(await visitor.me(token), { status: 200 })
      const reply = await visitor.refresh(refresh, await holder.proof('POST', '/auth/refresh'))
      expectReply(reply, { status: 200, body: { token_type: 'Bearer' } })
    },
  },
  {
    name: 'a bound session is signed out by its cookie, and by its token with a proof',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const one = await holder.signIn()
      const cookie = { cookie: `__Host-refresh=${one.refresh}` }
      await visitor.expect({ method: 'POST', path: '/auth/logout', headers: cookie }, { status: 204 })
      expectReply(await holder.me(one.token), { status: 401, error: 'invalid_token', challenge: 'dpop' })
      const two = await holder.signIn()
      await visitor.expect(
        { method: 'POST', path: '/auth/logout', headers: bearer(two.token) },
        { status: 204 },
      )
      expectReply(await holder.me(two.token), { status: 200 })
      const proof = await holder.proof('POST', '/auth/logout', two.token)
      const headers = { authorization: `DPoP ${two.token}`, ...proof }
      await visitor.expect({ method: 'POST', path: '/auth/logout', headers }, { status: 204 })
      expectReply(await holder.me(two.token), { status: 401, error: 'invalid_token', challenge: 'dpop' })
    },
  },
]

/** With DPOP=required. */
export const requiredFlows: readonly Case[] = [
  {
    name: 'a sign-in without a proof is refused',
    async play(visitor) {
      await visitor.expect(login(visitor.user, PASSWORD), refused)
      const holder = await Holder.of(visitor)
      const { token, refresh } = await holder.signIn()
      expectReply(await holder.me(token), { status: 200 })
      holder.tokens(await holder.refresh(refresh))
    },
  },
]

/** With DPOP_NONCE=on. */
export const nonceFlows: readonly Case[] = [
  {
    name: 'a client learns its nonce by its first request, and uses it everywhere',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const first = await visitor.send(
        login(visitor.user, PASSWORD, await holder.proof('POST', '/auth/login')),
      )
      expectReply(first, { status: 400, error: 'use_dpop_nonce', challenge: 'none' })
      holder.nonce = first.headers['dpop-nonce']?.[0]
      const { token, refresh } = await holder.signIn()
      expectReply(await holder.me(token), { status: 200 })
      holder.tokens(await holder.refresh(refresh))

      holder.nonce = undefined
      expectReply(await holder.me(token), { status: 401, error: 'use_dpop_nonce', challenge: 'dpop' })
      const again = await holder.refresh(refresh)
      expectReply(again, { status: 400, error: 'use_dpop_nonce', challenge: 'none', cookie: 'kept' })
      holder.nonce = again.headers['dpop-nonce']?.[0]
      holder.tokens(await holder.refresh(refresh))
    },
  },
]

/** With DPOP=off. */
export const offFlows: readonly Case[] = [
  {
    name: 'a proof binds nothing where it is off',
    async play(visitor) {
      const holder = await Holder.of(visitor)
      const proof = await holder.proof('POST', '/auth/login')
      const reply = await visitor.send(login(visitor.user, PASSWORD, proof))
      expectReply(reply, { status: 200, body: { token_type: 'Bearer' } })
    },
  },
]
