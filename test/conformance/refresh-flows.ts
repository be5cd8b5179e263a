import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { cookieOf, expectReply } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, exchangeBy, refreshBy, signedIn } from './visitor.ts'

const dead = { status: 401, error: 'invalid_grant', cookie: 'kept' } as const
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const NATIVE = { 'x-token-transport': 'body' }

const rotation: readonly Case[] = [
  {
    name: 'refresh hands out the next cookie and another token of the same session',
    async play(visitor) {
      const first = await visitor.signIn()
      const second = signedIn(await visitor.refresh(first.refresh))
      expect(second.refresh).not.toBe(first.refresh)
      const third = signedIn(await visitor.refresh(second.refresh))
      const [before, after] = [decodeJwt(first.token), decodeJwt(third.token)]
      expect(after.jti).not.toBe(before.jti)
      for (const claim of ['sub', 'sid', 'scope', 'client_id', 'auth_time', 'iss', 'aud', 'amr'])
        expect(after[claim], claim).toEqual(before[claim])
      for (const { token } of [first, second, third]) expectReply(await visitor.me(token), { status: 200 })
    },
  },
  {
    name: 'a native app rotates in the body',
    async play(visitor) {
      const first = await visitor.signIn(visitor.user, NATIVE)
      const reply = await visitor.exchange(first.refresh, { client_id: 'native' })
      expectReply(reply, { status: 200, cookie: 'kept', body: { token_type: 'Bearer', expires_in: 900 } })
      const second = signedIn(reply)
      expect(second.sid).toBe(first.sid)
      expectReply(await visitor.exchange(second.refresh), { status: 200 })
    },
  },
  {
    name: 'the previous cookie converges on the same successor within the grace',
    async play(visitor) {
      const first = await visitor.signIn()
      const second = signedIn(await visitor.refresh(first.refresh))
      const again = signedIn(await visitor.refresh(first.refresh))
      expect(again.refresh).toBe(second.refresh)
      expectReply(await visitor.me(second.token), { status: 200 })
      const used = signedIn(await visitor.refresh(first.refresh))
      expect(used.refresh).toBe(second.refresh)
      await visitor.expectAlive(again)
    },
  },
  {
    name: 'racing refreshes all succeed and converge on one successor that works',
    async play(visitor) {
      const { refresh } = await visitor.signIn()
      const replies = await visitor.sendAll(Array.from({ length: 12 }, () => refreshBy(refresh)))
      for (const reply of replies) expectReply(reply, { status: 200, cookie: 'set' })
      const successors = new Set(replies.map(cookieOf))
      expect(successors.size).toBe(1)
      for (const reply of replies) expectReply(await visitor.me(signedIn(reply).token), { status: 200 })
      for (const successor of successors)
        expectReply(await visitor.refresh(successor), { status: 200, cookie: 'set' })
    },
  },
  {
    name: 'racing native apps converge too',
    async play(visitor) {
      const { refresh } = await visitor.signIn(visitor.user, NATIVE)
      const replies = await visitor.sendAll(Array.from({ length: 8 }, () => exchangeBy(refresh)))
      const successors = new Set(replies.map((reply) => signedIn(reply).refresh))
      expect(successors.size).toBe(1)
    },
  },
]

const theft: readonly Case[] = [
  {
    name: 'an older cookie is theft: the session dies with its access tokens, other sessions live',
    async play(visitor) {
      const bystander = await visitor.signIn()
      const first = await visitor.signIn()
      const second = signedIn(await visitor.refresh(first.refresh))
      const third = signedIn(await visitor.refresh(second.refresh))
      expectReply(await visitor.refresh(first.refresh), dead)
      for (const { token } of [first, second, third])
        expectReply(await visitor.me(token), { status: 401, error: 'invalid_token' })
      await visitor.expectEnded(third)
      await visitor.expectEnded(second)
      await visitor.expectAlive(bystander)
      await visitor.expectAlive(await visitor.signIn())
    },
  },
  {
    name: 'an older refresh token of a native app is theft',
    async play(visitor) {
      const first = await visitor.signIn(visitor.user, NATIVE)
      const second = signedIn(await visitor.exchange(first.refresh))
      const third = signedIn(await visitor.exchange(second.refresh))
      expectReply(await visitor.exchange(first.refresh), { status: 400, error: 'invalid_grant' })
      expectReply(await visitor.me(third.token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(third.refresh), { status: 400, error: 'invalid_grant' })
    },
  },
  {
    name: 'a token of the wrong transport is no theft: both sessions live',
    async play(visitor) {
      const browser = await visitor.signIn()
      const native = await visitor.signIn(visitor.user, NATIVE)
      expectReply(await visitor.exchange(browser.refresh), { status: 400, error: 'invalid_grant' })
      expectReply(await visitor.refresh(native.refresh), dead)
      await visitor.expectAlive(browser)
      expectReply(await visitor.exchange(native.refresh), { status: 200 })
    },
  },
  {
    name: 'altered refresh tokens name a real session and still end nothing',
    async play(visitor) {
      const own = await visitor.signIn()
      const bytes = Buffer.from(own.refresh.slice(4), 'base64url')
      for (let at = 0; at < bytes.length; at += 6) {
        const altered = Buffer.from(bytes)
        altered[at] = (altered[at] ?? 0) ^ 1
        expectReply(await visitor.refresh(`spr_${altered.toString('base64url')}`), dead)
      }
      const last = BASE64URL.indexOf(own.refresh.slice(-1))
      for (const bits of [1, 2, 4, 8, 15, 16, 32, 48])
        expectReply(await visitor.refresh(`${own.refresh.slice(0, -1)}${BASE64URL[last ^ bits]}`), dead)
      expectReply(await visitor.refresh(own.refresh.toUpperCase()), dead)
      await visitor.expectAlive(own)
    },
  },
]

/** For hosts with `REUSE_GRACE=0` and clients that send no keys: a token works exactly once. */
export const onceOnly: readonly Case[] = [
  {
    name: 'a refresh token works once, and its second use ends the session',
    async play(visitor) {
      const first = await visitor.signIn()
      const second = signedIn(await visitor.refresh(first.refresh))
      expectReply(await visitor.refresh(first.refresh), dead)
      await visitor.expectEnded(second)
    },
  },
  {
    name: 'of racing refreshes exactly one succeeds, and the losers end the session',
    async play(visitor) {
      const { refresh, token } = await visitor.signIn()
      const replies = await visitor.race(Array.from({ length: 12 }, () => refreshBy(refresh)))
      expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
      for (const reply of replies) if (reply.status !== 200) expectReply(reply, dead)
      await visitor.expect(
        { path: '/api/me', headers: bearer(token) },
        { status: 401, error: 'invalid_token' },
      )
      for (const reply of replies)
        if (reply.status === 200) expectReply(await visitor.refresh(cookieOf(reply)), dead)
    },
  },
  {
    name: 'tokens that are used in turn go on and on',
    async play(visitor) {
      let { refresh } = await visitor.signIn()
      for (let turn = 0; turn < 10; turn++) refresh = cookieOf(await visitor.refresh(refresh))
    },
  },
]

export const refreshFlows: readonly Case[] = [...rotation, ...theft]
