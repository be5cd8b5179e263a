import { expectReply } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, refreshBy, signedIn } from './visitor.ts'

const ended = { status: 204, cookie: 'cleared' } as const
const NATIVE = { 'x-token-transport': 'body' }

const logout = (refresh?: string, token?: string) => ({
  method: 'POST',
  path: '/auth/logout',
  headers: {
    ...(refresh === undefined ? {} : { cookie: `__Host-refresh=${refresh}` }),
    ...(token === undefined ? {} : bearer(token)),
  },
})
const logoutAll = (token: string) => ({ method: 'POST', path: '/auth/logout-all', headers: bearer(token) })

const one: readonly Case[] = [
  {
    name: 'logout by the cookie ends the session and its access tokens',
    async play(visitor) {
      const own = await visitor.signIn()
      await visitor.expect(logout(own.refresh), ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'logout by the access token ends the session',
    async play(visitor) {
      const own = await visitor.signIn()
      await visitor.expect(logout(undefined, own.token), ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'logout by both ends the session',
    async play(visitor) {
      const own = await visitor.signIn()
      await visitor.expect(logout(own.refresh, own.token), ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'logout by neither is no error',
    async play(visitor) {
      await visitor.expect(logout(), ended)
      await visitor.expect({ ...logout(), headers: { authorization: 'Basic YTpi' } }, ended)
      await visitor.expect({ ...logout(), headers: { cookie: 'a=b' } }, ended)
    },
  },
  {
    name: 'logout can be repeated',
    async play(visitor) {
      const own = await visitor.signIn()
      for (let turn = 0; turn < 3; turn++) await visitor.expect(logout(own.refresh, own.token), ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'cookie and token of two sessions: nothing ends, of one user or of two',
    async play(visitor) {
      const own = await visitor.signIn()
      const second = await visitor.signIn()
      const theirs = await visitor.signIn(visitor.other)
      const refused = { status: 400, error: 'invalid_request', cookie: 'kept', challenge: 'none' } as const
      await visitor.expect(logout(own.refresh, second.token), refused)
      await visitor.expect(logout(own.refresh, theirs.token), refused)
      await visitor.expect(logout(theirs.refresh, own.token), refused)
      for (const session of [own, second, theirs]) await visitor.expectAlive(session)
    },
  },
  {
    name: 'logout ends one session, not the others of the user',
    async play(visitor) {
      const own = await visitor.signIn()
      const second = await visitor.signIn()
      await visitor.expect(logout(own.refresh), ended)
      await visitor.expectEnded(own)
      await visitor.expectAlive(second)
    },
  },
  {
    name: 'logout by the previous cookie, or by an earlier token, ends the session',
    async play(visitor) {
      const first = await visitor.signIn()
      const second = signedIn(await visitor.refresh(first.refresh))
      await visitor.expect(logout(first.refresh, second.token), ended)
      await visitor.expectEnded(second)
      const other = await visitor.signIn()
      const next = signedIn(await visitor.refresh(other.refresh))
      await visitor.expect(logout(undefined, other.token), ended)
      await visitor.expectEnded(next)
    },
  },
  {
    name: 'rubbish in one place does not keep the other from ending the session',
    async play(visitor) {
      for (const token of ['x', 'a.b.c', 'null']) {
        const own = await visitor.signIn()
        await visitor.expect(logout(own.refresh, token), ended)
        await visitor.expectEnded(own)
      }
      const own = await visitor.signIn()
      await visitor.expect(logout('rubbish', own.token), ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'a native app logs out by its access token',
    async play(visitor) {
      const native = await visitor.signIn(visitor.user, NATIVE)
      await visitor.expect(logout(undefined, native.token), ended)
      expectReply(await visitor.me(native.token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(native.refresh), { status: 400, error: 'invalid_grant' })
    },
  },
  {
    name: 'racing logouts all succeed',
    async play(visitor) {
      const own = await visitor.signIn()
      const replies = await visitor.sendAll(Array.from({ length: 6 }, () => logout(own.refresh, own.token)))
      for (const reply of replies) expectReply(reply, ended)
      await visitor.expectEnded(own)
    },
  },
  {
    name: 'of logout and refreshes that race, logout wins in the end',
    async play(visitor) {
      const own = await visitor.signIn()
      const refreshes = Array.from({ length: 6 }, () => refreshBy(own.refresh))
      const replies = await visitor.race([...refreshes.slice(3), logout(own.refresh), ...refreshes.slice(3)])
      for (const reply of replies) if (reply.status === 200) await visitor.expectEnded(signedIn(reply))
      await visitor.expectEnded(own)
      // How many refreshes come before the logout is different on each store, so the replies cannot be the same.
      visitor.transcript.length = 0
    },
  },
]

const all: readonly Case[] = [
  {
    name: 'logout-all ends every session of the user, browsers and apps, and nobody else',
    async play(visitor) {
      const first = await visitor.signIn()
      const second = await visitor.signIn()
      const native = await visitor.signIn(visitor.user, NATIVE)
      const theirs = await visitor.signIn(visitor.other)
      await visitor.expect(logoutAll(first.token), ended)
      await visitor.expectEnded(first)
      await visitor.expectEnded(second)
      expectReply(await visitor.me(native.token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(native.refresh), { status: 400, error: 'invalid_grant' })
      await visitor.expectAlive(theirs)
    },
  },
  {
    name: 'after logout-all the user signs in again at once',
    async play(visitor) {
      const before = await visitor.signIn()
      await visitor.expect(logoutAll(before.token), ended)
      await visitor.expectAlive(await visitor.signIn())
      await visitor.expect(logoutAll(before.token), { status: 401, error: 'invalid_token' })
    },
  },
  {
    name: 'logout-all needs a token: the cookie alone ends nothing',
    async play(visitor) {
      const own = await visitor.signIn()
      const byCookie = { ...logoutAll(''), headers: { cookie: `__Host-refresh=${own.refresh}` } }
      await visitor.expect(byCookie, { status: 401, error: 'unauthorized' })
      await visitor.expectAlive(own)
    },
  },
]

export const logoutFlows: readonly Case[] = [...one, ...all]
