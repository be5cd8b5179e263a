import { cookieOf, expectReply } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, json, login, PASSWORD, signedIn } from './visitor.ts'

const NATIVE = { 'x-token-transport': 'body' }
const NEXT = 'another battery staple'
const change = (token: string, body: unknown) => {
  const { headers, body: text } = json(body)
  return { method: 'POST', path: '/auth/password', headers: { ...headers, ...bearer(token) }, body: text }
}

export const passwordFlows: readonly Case[] = [
  {
    name: 'a change of password ends the other sessions and renews the cookie of this one',
    async play(visitor) {
      const own = await visitor.signIn()
      const other = await visitor.signIn()
      const native = await visitor.signIn(visitor.user, NATIVE)
      const theirs = await visitor.signIn(visitor.other)
      const reply = await visitor.expect(change(own.token, { current: PASSWORD, next: NEXT }), {
        status: 204,
        cookie: 'set',
      })
      const renewed = cookieOf(reply)

      await visitor.expectEnded(other)
      expectReply(await visitor.me(native.token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(native.refresh), { status: 400, error: 'invalid_grant' })
      expectReply(await visitor.me(own.token), { status: 200 })
      const next = signedIn(await visitor.refresh(renewed))
      expectReply(await visitor.me(next.token), { status: 200 })
      await visitor.expectAlive(theirs)

      await visitor.expect(login(visitor.user, PASSWORD), { status: 401, error: 'invalid_credentials' })
      await visitor.expect(login(visitor.user, NEXT), { status: 200, cookie: 'set' })
      await visitor.expect(login(visitor.other, NEXT), { status: 401, error: 'invalid_credentials' })
    },
  },
  {
    name: 'the cookie from before a change of password is theft, at once',
    async play(visitor) {
      const own = await visitor.signIn()
      const reply = await visitor.send(change(own.token, { current: PASSWORD, next: NEXT }))
      expectReply(await visitor.refresh(own.refresh), {
        status: 401,
        error: 'invalid_grant',
        cookie: 'kept',
      })
      await visitor.expectEnded({ ...own, refresh: cookieOf(reply) })
    },
  },
  {
    name: 'a refused change of password changes nothing',
    async play(visitor) {
      const own = await visitor.signIn()
      const other = await visitor.signIn()
      const wrong = { status: 401, error: 'invalid_credentials', challenge: 'none' } as const
      await visitor.expect(change(own.token, { current: 'wrong one', next: NEXT }), wrong)
      await visitor.expect(change(own.token, { current: '', next: NEXT }), wrong)
      const malformed = { status: 400, error: 'invalid_request' } as const
      for (const body of [
        {},
        [],
        null,
        { current: PASSWORD },
        { next: NEXT },
        { current: PASSWORD, next: 'short' },
        { current: PASSWORD, next: '' },
        { current: PASSWORD, next: 12_345_678 },
        { current: [PASSWORD], next: NEXT },
        { current: PASSWORD, next: { length: 8 } },
      ])
        await visitor.expect(change(own.token, body), malformed)
      const withoutToken = { ...change('', { current: PASSWORD, next: NEXT }), headers: json('').headers }
      await visitor.expect(withoutToken, { status: 401, error: 'unauthorized' })
      await visitor.expect(login(visitor.user, NEXT), { status: 401, error: 'invalid_credentials' })
      await visitor.expect(login(visitor.user, PASSWORD), { status: 200 })
      await visitor.expectAlive(own)
      await visitor.expectAlive(other)
    },
  },
  {
    name: 'a native app changes the password and gets no cookie',
    async play(visitor) {
      const native = await visitor.signIn(visitor.user, NATIVE)
      const browser = await visitor.signIn()
      await visitor.expect(change(native.token, { current: PASSWORD, next: NEXT }), {
        status: 204,
        cookie: 'kept',
      })
      await visitor.expectEnded(browser)
      expectReply(await visitor.me(native.token), { status: 200 })
    },
  },
]
